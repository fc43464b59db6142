//! `POST /account/verification`: the mail once more.

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::request_email_verification::RequestEmailVerificationCommand;

use crate::extract::{Authenticated, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::submitted::Submitted;
use crate::problem::Problem;

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Authenticated(actor): Authenticated,
    Submitted(_form): Submitted,
) -> Result<HttpResponse, Problem> {
    let command = RequestEmailVerificationCommand { by: Some(actor.id()), email: actor.user.email };
    application.auth.request_email_verification.execute(&origin, command).await?;
    Ok(frame.go_saying("account", "verification_requested"))
}
