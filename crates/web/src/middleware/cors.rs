//! Lets browsers call from the configured origins, and from no other.

use actix_cors::Cors;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, LINK, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};

use crate::settings::WebSettings;

/// Exact origins; no credentials, for cookies are those of the service's own pages.
pub(crate) fn cors(settings: &WebSettings) -> Cors {
    let request_id = HeaderName::from_static("x-request-id");
    let cors = Cors::default()
        .allowed_methods(["GET", "POST", "PATCH", "DELETE"])
        .allowed_headers([AUTHORIZATION, CONTENT_TYPE, request_id.clone()])
        .expose_headers([LINK, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE, request_id])
        .max_age(600);
    settings.cors_origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}
