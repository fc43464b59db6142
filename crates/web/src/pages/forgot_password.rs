//! `/forgot-password`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::request_password_reset::RequestPasswordResetCommand;

use crate::auth::request_password_reset::RequestPasswordResetBody;
use crate::extract::RequestOrigin;
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Page};
use crate::pages::submitted::Submitted;

pub(crate) const PAGE: Page = Page { name: "forgot_password", fields: &[Field::email("email", "username")] };

pub(crate) async fn show(frame: Frame) -> HttpResponse {
    PAGE.show(&frame)
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Submitted(form): Submitted,
) -> HttpResponse {
    PAGE.submit(&frame, &form, async |RequestPasswordResetBody { email }| {
        application.auth.request_password_reset.execute(&origin, RequestPasswordResetCommand { email }).await?;
        Ok(Done::Led(frame.go_saying("forgot-password", "reset_requested")))
    })
    .await
}
