//! Gives every request an id and an origin, a span that carries the id into every line logged on its way, and writes
//! one line about it.

use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, web};
use tracing::Instrument as _;

use crate::extract::RequestOrigin;
use crate::middleware::request_metrics::RequestMetrics;
use crate::settings::WebSettings;

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The whole of it.
pub(crate) async fn request_context<B: MessageBody>(
    metrics: Rc<RequestMetrics>,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let started = Instant::now();
    let response = named(req, next).await?;
    let took = started.elapsed();
    let request = response.request();
    let route = request.match_pattern();
    metrics.record(request.method(), route.as_deref(), response.status(), took);
    log(&response, route.as_deref(), took);
    Ok(response)
}

/// The id alone, for listeners whose requests are not worth a line.
pub(crate) async fn named<B: MessageBody>(req: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let origin = req
        .app_data::<web::Data<WebSettings>>()
        .map_or_else(RequestOrigin::default, |settings| RequestOrigin::of(req.request(), settings));
    req.extensions_mut().insert(origin.clone());
    // Of the highest level, so that it is there whenever anything is logged at all.
    let span = tracing::error_span!("request", request_id = origin.request_id());
    let mut response = next.call(req).instrument(span).await?;
    if let Ok(id) = HeaderValue::from_str(origin.request_id()) {
        response.headers_mut().insert(X_REQUEST_ID.clone(), id);
    }
    Ok(response)
}

/// The route's pattern, never the path: paths hold ids and queries hold searches for people.
fn log<B>(response: &ServiceResponse<B>, route: Option<&str>, took: Duration) {
    let extensions = response.request().extensions();
    let Some(origin) = extensions.get::<RequestOrigin>() else { return };
    tracing::info!(
        target: "countersign_web::access",
        method = %response.request().method(),
        route = route.unwrap_or("-"),
        status = response.status().as_u16(),
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        network = origin.logged_network(),
        request_id = origin.request_id(),
        "answered"
    );
}
