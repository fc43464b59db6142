//! Gives every request an id and an origin, a span that carries the id into every line logged on its way, and writes
//! one line about it.

use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, web};
use tracing::Instrument as _;

use crate::extract::RequestOrigin;
use crate::middleware::access_line::AccessLine;
use crate::middleware::answer::refused_unrouted;
use crate::middleware::request_metrics::RequestMetrics;
use crate::middleware::request_span::RequestSpan;
use crate::settings::WebSettings;

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The whole of it.
pub(crate) async fn request_context<B: MessageBody>(
    metrics: Rc<RequestMetrics>,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let origin = identify(&req);
    let route = if refused_unrouted(&req).is_some() { None } else { req.match_pattern() };
    let span = RequestSpan::begin(&req, route.as_deref(), &origin);
    let line = AccessLine::begin(req.method().clone(), route, origin.clone(), metrics);
    let answer = within(&origin, req, next).instrument(span.entered()).await;
    let status = match &answer {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    span.answered(status);
    line.answered(status);
    answer
}

/// The id alone, for listeners whose requests are not worth a line.
pub(crate) async fn named<B: MessageBody>(req: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let origin = identify(&req);
    within(&origin, req, next).await
}

fn identify(req: &ServiceRequest) -> RequestOrigin {
    let origin = req
        .app_data::<web::Data<WebSettings>>()
        .map_or_else(RequestOrigin::default, |settings| RequestOrigin::of(req.request(), settings));
    req.extensions_mut().insert(origin.clone());
    origin
}

async fn within<B: MessageBody>(
    origin: &RequestOrigin,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    // Of the highest level, so that it is there whenever anything is logged at all.
    let span = tracing::error_span!("request", request_id = origin.request_id());
    let mut response = next.call(req).instrument(span).await?;
    if let Ok(id) = HeaderValue::from_str(origin.request_id()) {
        response.headers_mut().insert(X_REQUEST_ID.clone(), id);
    }
    Ok(response)
}
