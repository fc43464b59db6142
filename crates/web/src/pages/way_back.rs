//! Where to come back to after signing in.

use std::collections::HashSet;
use std::sync::LazyLock;

use actix_web::HttpRequest;
use actix_web::http::Method;

use crate::routes::{Credential, table};

/// Pages that can be looked at, as patterns.
static SHOWN: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let pages = table().into_iter().filter(|page| page.credential == Credential::Cookie && page.method == Method::GET);
    pages.map(|page| page.pattern).collect()
});

/// The page that was asked for, or that a form stood on: one that is sent to a path without a page stands on the page
/// above. Neither tells more than its path: what was searched for, or which part of a list it was.
pub(crate) fn way_back(req: &HttpRequest) -> Option<String> {
    let (pattern, path) = (req.match_pattern()?, req.path());
    let is_shown = req.method() != Method::POST || SHOWN.contains(&pattern);
    let page = if is_shown { path } else { path.rsplit_once('/')?.0 };
    Some(page.to_owned()).filter(|page| !page.is_empty())
}
