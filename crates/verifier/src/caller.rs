//! Who calls, as an argument of a handler.

#[cfg(feature = "actix-web")]
mod actix;
#[cfg(feature = "axum")]
mod axum;

use std::ops::Deref;

use crate::claims::Claims;
use crate::error::VerifyError;

/// Who calls: the claims of the access token in `Authorization`. A request without a good one is answered 401 with
/// `WWW-Authenticate: Bearer` (RFC 6750, 3), or 503 with `Retry-After` while tokens cannot be verified; both as problems of RFC 9457.
///
/// axum: the state of the router gives an `Arc<Verifier>` (`FromRef`). actix-web: `app_data(web::Data::from(Arc<Verifier>))`.
#[derive(Clone, Debug)]
pub struct Caller(pub Claims);

impl Deref for Caller {
    type Target = Claims;

    fn deref(&self) -> &Claims {
        &self.0
    }
}

/// The token of `Authorization: Bearer …`; the scheme in any case (RFC 9110, 11.1), one header only (ASVS 15.3.7).
fn bearer<'a>(mut lines: impl Iterator<Item = &'a [u8]>) -> Result<&'a str, VerifyError> {
    let line = lines.next().ok_or(VerifyError::Missing)?;
    if lines.next().is_some() {
        return Err(VerifyError::Invalid);
    }
    let text = std::str::from_utf8(line).map_err(|_not_text| VerifyError::Invalid)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    scheme.eq_ignore_ascii_case("bearer").then_some(token).ok_or(VerifyError::Missing)
}

/// What the answer to a refused request says: status, header, body.
struct Refusal {
    status: u16,
    header: (&'static str, &'static str),
    body: String,
}

impl From<&VerifyError> for Refusal {
    fn from(error: &VerifyError) -> Self {
        const CHALLENGE: &str = "www-authenticate";
        let (status, header, title, code) = match error {
            VerifyError::Unavailable(_) => (503, ("retry-after", "2"), "Service Unavailable", "service_unavailable"),
            VerifyError::Missing => (401, (CHALLENGE, "Bearer"), "Unauthorized", "authentication_required"),
            VerifyError::Invalid | VerifyError::Expired | VerifyError::Revoked => {
                (401, (CHALLENGE, r#"Bearer error="invalid_token""#), "Unauthorized", "invalid_token")
            }
        };
        let body = serde_json::json!({ "title": title, "status": status, "code": code, "detail": error.to_string() });
        Self { status, header, body: body.to_string() }
    }
}

/// The media type of a problem (RFC 9457, 3).
const PROBLEM: &str = "application/problem+json";
