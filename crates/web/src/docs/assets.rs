//! `GET /docs/assets/{file}`: what the page at `/docs` is made of, from the binary.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING};
use actix_web::web::Bytes;
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
    let asset = ASSETS.get(file.as_str()).ok_or_else(missing)?;
    let mut response = HttpResponse::Ok();
    if asset.is_gzipped {
        response.insert_header((CONTENT_ENCODING, "gzip"));
    }
    Ok(response.insert_header(CACHING).content_type(asset.content_type.as_str()).body(asset.octets.clone()))
}

/// A file, once in memory for however many clients.
struct Asset {
    octets: Bytes,
    content_type: String,
    is_gzipped: bool,
}

static ASSETS: LazyLock<BTreeMap<&'static str, Asset>> = LazyLock::new(|| {
    let config = Arc::new(Config::from("/openapi.json"));
    let load = |name: &&'static str| {
        let file = serve(name, config.clone()).ok()??;
        let octets = Bytes::from(file.bytes.into_owned());
        Some((*name, Asset { octets, content_type: file.content_type, is_gzipped: file.gzpipped }))
    };
    SERVED.iter().filter_map(load).collect()
});
