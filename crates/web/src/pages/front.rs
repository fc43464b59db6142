//! `GET /`: what this is, for whoever opens the address in a browser.

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, HttpResponse, web};
use minijinja::context;

use crate::pages::page::{FRONT, render};
use crate::problem::Problem;
use crate::settings::WebSettings;

pub(crate) async fn handle(req: HttpRequest, settings: web::Data<WebSettings>) -> Result<HttpResponse, Problem> {
    if wants_json(&req) {
        return Err(Problem::of_status(StatusCode::NOT_FOUND));
    }
    Ok(render(FRONT, StatusCode::OK, context! { product => settings.product }))
}

/// Programs that ask for JSON get what every path without a call answers.
fn wants_json(req: &HttpRequest) -> bool {
    let accepted: Vec<&str> = req.headers().get_all(ACCEPT).filter_map(|line| line.to_str().ok()).collect();
    let accepts = |what: &str| accepted.iter().any(|line| line.contains(what));
    accepts("json") && !accepts("text/html")
}
