//! `GET /openapi.json`

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;

static DOCUMENT: LazyLock<String> = LazyLock::new(crate::openapi::json);

pub(crate) async fn handle() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .content_type("application/json")
        .body(DOCUMENT.as_str())
}
