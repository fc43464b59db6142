//! `GET /`: what this is, for whoever opens the address in a browser.

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, HttpResponse};
use minijinja::context;

use crate::pages::frame::Frame;
use crate::problem::Problem;

pub(crate) async fn handle(req: HttpRequest, frame: Frame) -> Result<HttpResponse, Problem> {
    if wants_json(&req) {
        return Err(Problem::of_status(StatusCode::NOT_FOUND));
    }
    Ok(frame.page("front.html", context! {}))
}

/// Programs that ask for JSON get what every path without a call answers.
fn wants_json(req: &HttpRequest) -> bool {
    let accepted: Vec<&str> = req.headers().get_all(ACCEPT).filter_map(|line| line.to_str().ok()).collect();
    let accepts = |what: &str| accepted.iter().any(|line| line.contains(what));
    accepts("json") && !accepts("text/html")
}
