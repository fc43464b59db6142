//! `/account/email`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::account::request_email_change::RequestEmailChangeCommand;

use crate::account::request_email_change::RequestEmailChangeBody;
use crate::extract::{Authenticated, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Page};
use crate::pages::submitted::Submitted;

pub(crate) const PAGE: Page =
    Page { name: "change_email", fields: &[Field::email("new_email", "email"), Field::password("current_password")] };

pub(crate) async fn show(frame: Frame) -> HttpResponse {
    PAGE.show(&frame)
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Authenticated(actor): Authenticated,
    Submitted(form): Submitted,
) -> HttpResponse {
    PAGE.submit(&frame, &form, async |RequestEmailChangeBody { current_password, new_email }| {
        let command = RequestEmailChangeCommand { current_password, new_email };
        application.account.request_email_change.execute(&actor, &origin, command).await?;
        Ok(Done::Led(frame.go_saying("account", "email_requested")))
    })
    .await
}
