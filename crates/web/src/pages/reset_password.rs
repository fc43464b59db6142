//! `/reset-password`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::reset_password::ResetPasswordCommand;

use crate::auth::reset_password::ResetPasswordBody;
use crate::extract::{QueryFields, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Linked, Page};
use crate::pages::submitted::Submitted;

const PAGE: Page = Page { name: "reset_password", fields: &[Field::token(), Field::new_password("new_password")] };

pub(crate) async fn show(frame: Frame, QueryFields(link): QueryFields<Linked>) -> HttpResponse {
    PAGE.show_linked(&frame, link.token.as_deref())
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Submitted(form): Submitted,
) -> HttpResponse {
    PAGE.submit(&frame, &form, async |ResetPasswordBody { token, new_password }| {
        let command = ResetPasswordCommand { token, new_password };
        application.auth.reset_password.execute(&origin, command).await?;
        // The session that this browser has may be over with it.
        Ok(Done::Led(frame.go_saying("sign-in", "password_set")))
    })
    .await
}
