//! A page that another site led to, with a cookie that wants to be renewed: the browser is told to ask for it once more,
//! from here. What says where a request comes from is for the client to choose, so the cookie opens nothing before it is
//! renewed; and a site that throws this answer away throws away no cookie.

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use countersign_application::Application;
use minijinja::context;

use crate::extract::query::pairs;
use crate::pages::{frame, session};

/// The page that asks again, where that is to be done first.
pub(crate) fn reopen(req: &HttpRequest) -> Option<HttpResponse> {
    let application = req.app_data::<web::Data<Application>>()?;
    let is_looked_at = matches!(*req.method(), Method::GET | Method::HEAD);
    if !is_looked_at || !session::waits_for_own_request(req, application) {
        return None;
    }
    let frame = frame::bare(req).ok()?;
    Some(frame.page("reopen.html", context! { target => target(req.query_string()) }))
}

/// Relative to the page: nothing for the very same address. What it says was done was said by another site, and it is not
/// to be believed for having been asked for from here.
fn target(query: &str) -> Option<String> {
    let pairs = pairs(query.as_bytes()).ok()?;
    if pairs.iter().all(|(name, _)| name != "done") {
        return None;
    }
    let kept = pairs.iter().filter(|(name, _)| name != "done");
    let kept: Vec<_> =
        kept.map(|(name, value)| format!("{}={}", frame::encoded(name), frame::encoded(value))).collect();
    Some(format!("?{}", kept.join("&")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_site_says_was_done_is_left_out_and_all_else_is_as_it_was() {
        for (query, expected) in [
            ("", None),
            ("token=a-b_c", None),
            ("undone=x", None),
            ("done=signed_out", Some("?")),
            ("d%6Fne=x", Some("?")),
            ("a=%22%3Cb%3E&done=x&c=d+e&done=y", Some("?a=%22%3Cb%3E&c=d%20e")),
        ] {
            assert_eq!(target(query).as_deref(), expected, "{query}");
        }
    }
}
