//! `POST /sign-out`, and back to the link of a mail that is to be followed with another account.

use actix_web::{HttpRequest, HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::logout::{LogOutCommand, LogoutScope};

use crate::extract::{Authenticated, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::session;
use crate::pages::sign_in::own_path;
use crate::pages::submitted::Submitted;
use crate::problem::Problem;

pub(crate) async fn submit(
    req: HttpRequest,
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Authenticated(actor): Authenticated,
    Submitted(form): Submitted,
) -> Result<HttpResponse, Problem> {
    application.auth.logout.execute(&actor, &origin, LogOutCommand { scope: LogoutScope::Local }).await?;
    session::forget(&req);
    Ok(match form.value("next").and_then(own_path) {
        Some(next) => frame.go(next),
        None => frame.go_saying("sign-in", "signed_out"),
    })
}
