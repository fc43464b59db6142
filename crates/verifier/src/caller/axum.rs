//! For axum.

use std::sync::Arc;

use axum_core::body::Body;
use axum_core::extract::{FromRef, FromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::caller::{Caller, PROBLEM, Refusal, bearer};
use crate::error::VerifyError;
use crate::verifier::Verifier;

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Arc<Verifier>: FromRef<S>,
{
    type Rejection = VerifyError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, VerifyError> {
        let token = bearer(parts.headers.get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes))?;
        Arc::<Verifier>::from_ref(state).verify(token).await.map(Self)
    }
}

impl IntoResponse for VerifyError {
    fn into_response(self) -> Response {
        let Refusal { status, header: (name, value), body } = Refusal::from(&self);
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        response
    }
}
