//! `GET /assets/pages.css`: ours, in the product's colour, and an adopter's after it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use countersign_domain::color::Color;

use crate::pages::look::color;
use crate::settings::WebSettings;

/// The stylesheet as it is served.
#[derive(Debug)]
pub(crate) struct Stylesheet {
    text: Bytes,
    /// Another one wherever the text is another.
    pub(crate) version: String,
}

impl Stylesheet {
    pub(crate) fn new(color: Option<Color>, of_adopter: Option<&str>) -> Self {
        let accent = color.map(color::stylesheet).unwrap_or_default();
        let text = [include_str!("pages.css"), &accent, of_adopter.unwrap_or_default()].concat();
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Self { text: text.into(), version: format!("{:016x}", hasher.finish()) }
    }
}

/// Under the address that pages name it is kept for good: with another text it has another. Under any other it is asked
/// for again.
pub(crate) async fn handle(req: HttpRequest, settings: Data<WebSettings>) -> HttpResponse {
    let stylesheet = &settings.look().stylesheet;
    let tag = format!("\"{}\"", stylesheet.version);
    let is_named = req.query_string().strip_prefix("v=") == Some(&stylesheet.version);
    let keep = if is_named { "public, max-age=31536000, immutable" } else { "public, no-cache" };
    let is_known =
        req.headers().get_all(IF_NONE_MATCH).any(|known| known.to_str().is_ok_and(|known| known.contains(&tag)));
    let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((CACHE_CONTROL, keep)).insert_header((ETAG, tag));
    if is_known {
        return answer.finish();
    }
    answer.content_type("text/css; charset=utf-8").body(stylesheet.text.clone())
}
