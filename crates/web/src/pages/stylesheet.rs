//! `GET /assets/pages.css`

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;

const STYLESHEET: &str = include_str!("pages.css");

pub(crate) async fn handle() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .content_type("text/css; charset=utf-8")
        .body(STYLESHEET)
}
