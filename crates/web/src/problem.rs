//! Everything that goes wrong, as RFC 9457 wants it.
//!
//! A [`Problem`] only says what happened. Its body needs the request's id and the public URL, so it is rendered by
//! `middleware::answer`, which every answer to a request passes.

pub mod catalogue;
mod field;
mod status;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use countersign_application::error::{Classify, Kind};
use serde::Serialize;
use utoipa::ToSchema;

pub use crate::problem::field::FieldError;
use crate::problem::status::status_of;

/// What went wrong with a request.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Status of the answer.
    pub(crate) status: StatusCode,
    /// Stable code, one of the [`catalogue`].
    pub(crate) code: &'static str,
    /// What went wrong this time, for people.
    pub(crate) detail: Cow<'static, str>,
    /// The fields at fault, of a 422.
    pub(crate) errors: Vec<FieldError>,
    /// Seconds after which to try again, of a 429 or 503.
    pub(crate) retry_after: Option<u32>,
    /// The methods there are, of a 405.
    pub(crate) allow: Option<Box<str>>,
    /// Whether the same request, handled again, may well succeed: others were in its way, and nothing was done.
    pub(crate) is_contended: bool,
    /// Why, for the log and never for the answer.
    pub(crate) source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The body of a problem.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody<'a> {
    /// Documentation of the code.
    #[serde(rename = "type")]
    #[schema(format = "uri")]
    pub(crate) kind: String,
    /// The code in words.
    pub(crate) title: &'static str,
    /// The HTTP status once more.
    pub(crate) status: u16,
    /// What went wrong this time, for people.
    pub(crate) detail: &'a str,
    /// Stable and machine-readable.
    pub(crate) code: &'static str,
    /// Names the request in the log.
    pub(crate) request_id: &'a str,
    /// The fields at fault; on 422 only.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    pub(crate) errors: &'a [FieldError],
}

impl Problem {
    /// A problem of the catalogue.
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        debug_assert!(catalogue::lists(status.as_u16(), code), "{status} {code} is not in the catalogue of problems");
        let detail = with_next_step(detail.into(), code);
        Self { status, code, detail, errors: vec![], retry_after: None, allow: None, is_contended: false, source: None }
    }

    /// The fields that break a rule.
    pub(crate) fn validation(errors: Vec<FieldError>) -> Self {
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", "Some values are not valid.");
        Self { errors, ..problem }
    }

    /// A route that takes a token got none.
    pub(crate) fn authentication_required() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "authentication_required", "Send an access token: Authorization: Bearer …")
    }

    /// A token that does not count.
    pub(crate) fn invalid_token() -> Self {
        let detail = "The access token is invalid or expired; refresh it or sign in again.";
        Self::new(StatusCode::UNAUTHORIZED, "invalid_token", detail)
    }

    /// A form that no page of this session sent.
    pub(crate) fn form_refused() -> Self {
        Self::new(StatusCode::FORBIDDEN, "form_refused", "The form of a page was not taken.")
    }

    /// A fault of the service that no use case reported.
    pub(crate) fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", INTERNAL);
        Self { source: Some(Arc::from(source.into())), ..problem }
    }

    /// What a bare status means that the framework answered with.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let status = match status.as_u16() {
            400 | 401 | 404 | 405 | 408 | 413 | 415 | 429 | 431 | 503 => status,
            402..500 => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let (code, detail) = catalogue::of_status(status.as_u16());
        Self::new(status, code, detail)
    }

    /// Its body, as JSON.
    pub(crate) fn body(&self, public_url: &str, request_id: &str) -> Vec<u8> {
        let body = ProblemBody {
            kind: format!("{public_url}/docs/errors#{}", self.code),
            title: catalogue::find(self.code).map_or("", |entry| entry.title),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            request_id,
            errors: &self.errors,
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }

    /// The value of `WWW-Authenticate` (RFC 6750, 3).
    pub(crate) fn challenge(&self) -> Option<&'static str> {
        match (self.status, self.code) {
            (StatusCode::UNAUTHORIZED, "invalid_token") => Some("Bearer error=\"invalid_token\""),
            (StatusCode::UNAUTHORIZED, _) => Some("Bearer"),
            _ => None,
        }
    }
}

const INTERNAL: &str = "Something went wrong here. The request id names it in the log.";
const UNAVAILABLE: &str = "The service cannot do this at the moment. Try again shortly.";

/// An error of a use case, by its sort.
impl<E: Classify + Send + Sync + 'static> From<E> for Problem {
    fn from(error: E) -> Self {
        let status = status_of(error.kind());
        let detail = match error.kind() {
            Kind::Rejected => Cow::Borrowed("Some values are not valid."),
            Kind::Internal => Cow::Borrowed(INTERNAL),
            Kind::Unavailable | Kind::Contended => Cow::Borrowed(UNAVAILABLE),
            _ => Cow::Owned(sentence(&error.to_string())),
        };
        let problem = Self::new(status, error.code(), detail);
        Self {
            is_contended: error.kind() == Kind::Contended,
            errors: error.violation().map(FieldError::from).into_iter().collect(),
            retry_after: error.retry_after().map(|after| {
                // Rounded up: who comes back on the second must not come too early.
                let seconds = after.whole_seconds() + i64::from(after.subsec_nanoseconds() > 0);
                u32::try_from(seconds).unwrap_or(1).max(1)
            }),
            source: status.is_server_error().then(|| Arc::new(error) as Arc<dyn StdError + Send + Sync>),
            ..problem
        }
    }
}

/// What only says what is wrong, in one sentence, would be the title once more; what to do about it follows.
fn with_next_step(detail: Cow<'static, str>, code: &str) -> Cow<'static, str> {
    let is_bare = detail.strip_suffix('.').is_some_and(|statement| !statement.contains([';', '.']));
    match catalogue::find(code).filter(|_| is_bare) {
        Some(entry) => Cow::Owned(format!("{detail} {}", entry.advice)),
        None => detail,
    }
}

/// With a capital letter at its beginning and a full stop at its end.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    chars.next().map_or_else(String::new, |first| format!("{}{}{stop}", first.to_uppercase(), chars.as_str()))
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::new(self.status);
        response.extensions_mut().insert(self.clone());
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_detail_is_the_title_once_more() {
        for entry in catalogue::ENTRIES {
            let status = StatusCode::from_u16(entry.statuses[0]).unwrap();
            let problem = Problem::new(status, entry.code, format!("{}.", entry.title));
            assert_eq!(problem.detail, format!("{}. {}", entry.title, entry.advice));
            assert!(entry.advice.starts_with(char::is_uppercase) && entry.advice.ends_with('.'), "{}", entry.code);
        }
    }

    #[test]
    fn a_detail_with_a_next_step_of_its_own_stays_as_it_is() {
        for detail in ["Too many requests; try again in 5 s.", "One sentence. And another.", "Send a token: …"] {
            assert_eq!(Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail).detail, detail);
        }
    }

    #[test]
    fn what_the_framework_refuses_comes_with_what_to_do() {
        for status in [400, 401, 404, 405, 408, 413, 415, 431] {
            let problem = Problem::of_status(StatusCode::from_u16(status).unwrap());
            let entry = catalogue::find(problem.code).unwrap();
            assert!(problem.detail.ends_with(entry.advice), "{}", problem.detail);
        }
    }
}
