//! Forms are sent from this service's own pages only.

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, ORIGIN};
use actix_web::http::uri::Authority;
use actix_web::http::{Method, StatusCode};

use crate::problem::Problem;

/// Refuses what a browser says another site sent (ASVS 3.5.1). Where it says nothing of it, as those before Fetch
/// Metadata, a form of a session still has its token; signing in has nothing that another site could not send, too.
pub(crate) fn require(req: &HttpRequest) -> Result<(), Problem> {
    if req.method() == Method::POST && is_foreign(req) {
        let detail = "This form was sent from another site. Open the page here and fill it in again.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "form_refused", detail));
    }
    Ok(())
}

fn is_foreign(req: &HttpRequest) -> bool {
    let header = |name: &str| req.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    match (header("sec-fetch-site"), header(ORIGIN.as_str())) {
        (Some(site), _) => !matches!(site, "same-origin" | "none"),
        // Pages keep their address to themselves, so a form of ours may come from «null».
        (None, None | Some("null")) => false,
        (None, Some(origin)) => {
            let host = header(HOST.as_str()).or_else(|| req.uri().authority().map(Authority::as_str));
            origin.split_once("://").map(|(_, authority)| authority) != host
        }
    }
}
