//! Renders every problem, the framework's own included, in one place; and logs each fault once.

use actix_web::Error;
use actix_web::HttpMessage as _;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, web};

use crate::extract::RequestOrigin;
use crate::pages;
use crate::problem::Problem;
use crate::settings::WebSettings;

/// Marks an answer whose status is an error's but whose body is its own, such as a page or a readiness report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnBody;

/// Marks a request whose head is larger than any is that means well.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadTooLarge;

/// The octets of a path, at most; those of routes have 130. The router matches in time that grows with them.
const LONGEST_PATH: usize = 512;

pub(crate) async fn answer<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = match refused_unrouted(&req) {
        Some(status) => req.into_response(HttpResponse::new(status)),
        None => next.call(req).await?.map_into_boxed_body(),
    };
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return Ok(response);
    }
    let origin = response.request().extensions().get::<RequestOrigin>().cloned().unwrap_or_default();
    let problem = response.response().extensions().get::<Problem>().cloned();
    if let Some(problem) = &problem {
        log(problem, origin.request_id());
    }
    if response.response().extensions().get::<OwnBody>().is_some() {
        return Ok(response);
    }
    Ok(render(response, &problem.unwrap_or_else(|| Problem::of_status(status)), &origin).await)
}

/// What is answered without a look at the routes: nobody asks for the route of such a request.
pub(crate) fn refused_unrouted(req: &ServiceRequest) -> Option<StatusCode> {
    if req.extensions().get::<HeadTooLarge>().is_some() {
        return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    (req.path().len() > LONGEST_PATH).then_some(StatusCode::NOT_FOUND)
}

async fn render<B>(
    response: ServiceResponse<B>,
    problem: &Problem,
    origin: &RequestOrigin,
) -> ServiceResponse<BoxBody> {
    let mut response = match pages::problem_page(response.request(), problem).await {
        Some(page) => response.into_response(page),
        None => as_json(response, problem, origin),
    };
    if matches!(problem.status.as_u16(), 408 | 413) {
        // What is left of the body is not waited for.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    let headers = response.headers_mut();
    if let Some(challenge) = problem.challenge() {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    if matches!(problem.status.as_u16(), 429 | 503) {
        headers.insert(RETRY_AFTER, HeaderValue::from(problem.retry_after.unwrap_or(1)));
    }
    if let Some(allow) = problem.allow.as_deref().and_then(|allow| HeaderValue::from_str(allow).ok()) {
        headers.insert(ALLOW, allow);
    }
    response
}

fn as_json<B>(response: ServiceResponse<B>, problem: &Problem, origin: &RequestOrigin) -> ServiceResponse<BoxBody> {
    let settings = response.request().app_data::<web::Data<WebSettings>>();
    let public_url = settings.map_or("", |settings| settings.public_url.as_str());
    let body = problem.body(public_url, origin.request_id());
    let mut response = response.map_body(|_, _| BoxBody::new(body));
    *response.response_mut().status_mut() = problem.status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

/// With the chain of causes: the answer has none of it.
fn log(problem: &Problem, request_id: &str) {
    if !problem.status.is_server_error() {
        return;
    }
    let mut causes = Vec::new();
    let mut next: Option<&dyn std::error::Error> = problem.source.as_deref().map(|source| source as _);
    while let Some(error) = next {
        causes.push(error.to_string());
        next = error.source();
    }
    let (code, causes) = (problem.code, causes.join(": "));
    if problem.status.as_u16() == 503 {
        tracing::warn!(request_id, code, causes, "a dependency is out");
    } else {
        tracing::error!(request_id, code, causes, "a request failed");
    }
}
