//! `/account/password`

use actix_web::{HttpRequest, HttpResponse, web};
use countersign_application::Application;
use countersign_application::account::change_password::ChangePasswordCommand;

use crate::account::change_password::ChangePasswordBody;
use crate::extract::{Authenticated, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Page};
use crate::pages::session;
use crate::pages::submitted::Submitted;

const PAGE: Page = Page {
    name: "change_password",
    fields: &[Field::password("current_password"), Field::new_password("new_password")],
};

pub(crate) async fn show(frame: Frame) -> HttpResponse {
    PAGE.show(&frame)
}

pub(crate) async fn submit(
    req: HttpRequest,
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Authenticated(actor): Authenticated,
    Submitted(form): Submitted,
) -> HttpResponse {
    PAGE.submit(&frame, &form, async |ChangePasswordBody { current_password, new_password }| {
        let command = ChangePasswordCommand { current_password, new_password };
        let tokens = application.account.change_password.execute(&actor, &origin, command).await?;
        session::keep(&req, &application.auth.browser_sessions.keep(&tokens)?);
        Ok(Done::Led(frame.go_saying("account", "password_changed")))
    })
    .await
}
