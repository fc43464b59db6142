//! Request bodies: bounded in size and time, of one content type, read strictly.

use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, TRANSFER_ENCODING};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;

use crate::extract::fields::{Fields, FromFields};
use crate::extract::json::{MalformedJson, parse_object};
use crate::middleware::gate::admit_again;
use crate::problem::Problem;
use crate::settings::WebSettings;

/// A JSON object that must be there, as the command it stands for.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

/// A JSON object, or no body at all.
#[derive(Debug)]
pub(crate) struct MaybeJsonBody<T>(pub(crate) Option<T>);

impl<T: FromFields + 'static> FromRequest for JsonBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move { Ok(Self(read_json(&req, payload).await?)) })
    }
}

impl<T: FromFields + 'static> FromRequest for MaybeJsonBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            if has_body(req.headers()) { Ok(Self(Some(read_json(&req, payload).await?))) } else { Ok(Self(None)) }
        })
    }
}

/// Whether the head announces a body (RFC 9112, 6.3). A stream of HTTP/2 may do without; then the type tells.
fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING)
        || headers.contains_key(CONTENT_TYPE)
        || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0")
}

async fn read_json<T: FromFields>(req: &HttpRequest, payload: Payload) -> Result<T, Problem> {
    require_type(req.headers(), "application/json")?;
    let octets = read_octets(req, payload).await?;
    let members = parse_object(&octets).map_err(|malformed| {
        let detail = match malformed {
            MalformedJson::Syntax { line, column } => {
                format!("The body is not JSON, or has a key twice, at line {line}, column {column}.")
            }
            MalformedJson::NotAnObject => "The body must be a JSON object.".to_owned(),
        };
        Problem::new(StatusCode::BAD_REQUEST, "malformed_body", detail)
    })?;
    Fields::of_object(members).read()
}

/// Refuses any other content type, a character set but UTF-8, and compressed bodies.
pub(crate) fn require_type(headers: &HeaderMap, expected: &str) -> Result<(), Problem> {
    let refused = || Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(refused());
    }
    let mut lines = headers.get_all(CONTENT_TYPE);
    let (Some(line), None) = (lines.next(), lines.next()) else { return Err(refused()) };
    let text = line.to_str().map_err(|_not_text| refused())?;
    let mut parts = text.split(';').map(str::trim);
    let is_expected = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(expected));
    let is_utf8 = parts.filter(|part| !part.is_empty()).all(|part| {
        part.split_once('=').is_some_and(|(name, value)| {
            !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
    });
    if is_expected && is_utf8 { Ok(()) } else { Err(refused()) }
}

/// The body, if it arrives in time and is no larger than allowed, whatever its length claims.
pub(crate) async fn read_octets(req: &HttpRequest, mut payload: Payload) -> Result<web::Bytes, Problem> {
    if let Some(ReadBody(octets)) = req.extensions().get() {
        return Ok(octets.clone());
    }
    let settings = req.app_data::<web::Data<WebSettings>>().map(Deref::deref);
    let settings = settings.ok_or_else(|| Problem::internal("the settings are not there"))?;
    let too_large = || Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE);
    let announced = req.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > settings.body_limit) {
        return Err(too_large());
    }
    let read = async {
        let mut octets = Vec::with_capacity(announced.unwrap_or(1024));
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_broken| Problem::of_status(StatusCode::BAD_REQUEST))?;
            if octets.len() + chunk.len() > settings.body_limit {
                return Err(too_large());
            }
            octets.extend_from_slice(&chunk);
        }
        Ok(web::Bytes::from(octets))
    };
    let octets = tokio::time::timeout(settings.body_timeout, read)
        .await
        .unwrap_or_else(|_elapsed| Err(Problem::of_status(StatusCode::REQUEST_TIMEOUT)))?;
    req.extensions_mut().insert(ReadBody(octets.clone()));
    admit_again(req).await?;
    Ok(octets)
}

/// A body that was read before, for a request that is handled again.
struct ReadBody(web::Bytes);

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn accepts(content_type: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        require_type(&headers, "application/json").is_ok()
    }

    #[test]
    fn only_json_in_utf8_is_taken() {
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/json;charset=\"UTF-8\""] {
            assert!(accepts(good), "{good}");
        }
        for bad in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=utf-16",
            "application/jsonp",
            "application/json, text/plain",
            "multipart/form-data; boundary=application/json",
            "",
        ] {
            assert!(!accepts(bad), "{bad}");
        }
        assert!(require_type(&HeaderMap::new(), "application/json").is_err());
    }
}
