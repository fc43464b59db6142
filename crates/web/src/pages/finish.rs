//! What is done to the answer of every page: problems are pages too, and the cookie goes along.

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, HeaderValue, SET_COOKIE};

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

/// A page for people; a program that fills in forms gets what the API answers. Both are led to signing in.
fn page_of(response: &ServiceResponse, problem: &Problem) -> Option<HttpResponse<BoxBody>> {
    let mut accepted = response.request().headers().get_all(ACCEPT).filter_map(|line| line.to_str().ok());
    let by_people = problem.status == StatusCode::UNAUTHORIZED || accepted.any(|line| line.contains("text/html"));
    frame::bare(response.request()).ok().filter(|_| by_people).map(|frame| frame.problem(problem))
}
