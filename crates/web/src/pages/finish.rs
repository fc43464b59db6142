//! What is done to the answer of every page: problems are pages too, and the cookie goes along.

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{HeaderValue, SET_COOKIE};

use crate::middleware::answer::OwnBody;
use crate::pages::{frame, session};
use crate::problem::Problem;

/// Makes a page of a problem, and sets what is to be kept by the browser.
pub(crate) fn finish(response: ServiceResponse) -> ServiceResponse {
    let is_page = response.response().extensions().get::<OwnBody>().is_some();
    let problem = response.response().extensions().get::<Problem>().filter(|_| !is_page).cloned();
    let mut response = match problem.and_then(|problem| page_of(&response, &problem)) {
        Some(page) => ServiceResponse::new(response.request().clone(), page),
        None => response,
    };
    let cookie = session::outgoing(response.request());
    if let Some(value) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie.to_string()).ok()) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

fn page_of(response: &ServiceResponse, problem: &Problem) -> Option<HttpResponse<BoxBody>> {
    frame::bare(response.request()).ok().map(|frame| frame.problem(problem))
}
