//! `GET /.well-known/jwks.json`

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use countersign_application::Application;

use crate::problem::Problem;

/// List the public keys of access tokens as a JWK set (RFC 7517): announced, active and still honoured ones.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "service",
    responses((status = 200, description = "The JWK set.", body = Object, content_type = "application/jwk-set+json")))]
pub(crate) async fn handle(application: web::Data<Application>) -> Result<HttpResponse, Problem> {
    let keys = application.keys.publish_keys.execute().await?;
    // Each key is JSON already, made by whoever holds it.
    let set = format!("{{\"keys\":[{}]}}", keys.join(","));
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .content_type("application/jwk-set+json")
        .body(set))
}
