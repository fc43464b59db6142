//! `GET /docs/assets/{file}`: what the page at `/docs` is made of, from the binary.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING};
use actix_web::{HttpResponse, web};
use utoipa_swagger_ui::{Config, serve};

use crate::problem::Problem;

/// The files that the page asks for; the rest of the package stays unserved.
const SERVED: &[&str] = &["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];
const START: &str = include_str!("start.js");
const CACHING: (actix_web::http::header::HeaderName, &str) = (CACHE_CONTROL, "public, max-age=86400");

pub(crate) async fn handle(file: web::Path<String>) -> Result<HttpResponse, Problem> {
    if *file == "start.js" {
        return Ok(HttpResponse::Ok().insert_header(CACHING).content_type("text/javascript").body(START));
    }
    let missing = || Problem::of_status(StatusCode::NOT_FOUND);
    if !SERVED.contains(&file.as_str()) {
        return Err(missing());
    }
    let asset = serve(&file, Arc::new(Config::from("/openapi.json")));
    let asset = asset.map_err(|error| Problem::internal(error.to_string()))?.ok_or_else(missing)?;
    let mut response = HttpResponse::Ok();
    if asset.gzpipped {
        response.insert_header((CONTENT_ENCODING, "gzip"));
    }
    Ok(response.insert_header(CACHING).content_type(asset.content_type).body(asset.bytes.into_owned()))
}
