//! `/account/delete`

use actix_web::{HttpRequest, HttpResponse, web};
use countersign_application::Application;
use countersign_application::account::delete_account::DeleteAccountCommand;

use crate::account::delete_account::DeleteAccountBody;
use crate::extract::{Authenticated, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Page};
use crate::pages::session;
use crate::pages::submitted::Submitted;

const PAGE: Page = Page { name: "delete_account", fields: &[Field::password("current_password")] };

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
    PAGE.submit(&frame, &form, async |DeleteAccountBody { current_password }| {
        let command = DeleteAccountCommand { current_password };
        application.account.delete_account.execute(&actor, &origin, command).await?;
        session::forget(&req);
        Ok(Done::Led(frame.go_saying("sign-in", "deleted")))
    })
    .await
}
