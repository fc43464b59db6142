//! `GET /docs/errors`: every code of a problem, where `type` points to.

use std::fmt::Write as _;
use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};

use crate::problem::catalogue::ENTRIES;

/// It has the style of the pages.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

static PAGE: LazyLock<String> = LazyLock::new(page);

pub(crate) async fn handle() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .content_type("text/html; charset=utf-8")
        .body(PAGE.as_str())
}

/// The catalogue is part of the source and holds no markup, so nothing needs escaping.
fn page() -> String {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Error codes</title>\n\
         <link rel=\"stylesheet\" href=\"../assets/pages.css\">\n<link rel=\"icon\" href=\"data:,\">\n</head>\n<body>\n\
         <main class=\"wide\">\n<h1>Error codes</h1>\n<p>Every error is <code>application/problem+json</code> (RFC 9457).</p>\n<dl>\n",
    );
    for entry in ENTRIES {
        let statuses: Vec<String> = entry.statuses.iter().map(ToString::to_string).collect();
        let (code, statuses, title, advice) = (entry.code, statuses.join(", "), entry.title, entry.advice);
        let _ = writeln!(page, "<dt id=\"{code}\"><code>{code}</code> ({statuses})</dt><dd>{title}. {advice}</dd>");
    }
    page.push_str("</dl>\n</main>\n</body>\n</html>\n");
    page
}
