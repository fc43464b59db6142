//! `/confirm-email-change`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::account::confirm_email_change::ConfirmEmailChangeCommand;

use crate::extract::{QueryFields, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Linked, Page, TokenOnly};
use crate::pages::submitted::Submitted;

const PAGE: Page = Page { name: "confirm_email_change", fields: &[Field::token()] };

pub(crate) async fn show(frame: Frame, QueryFields(link): QueryFields<Linked>) -> HttpResponse {
    PAGE.show_linked(&frame, link.token.as_deref())
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Submitted(form): Submitted,
) -> HttpResponse {
    PAGE.submit(&frame, &form, async |TokenOnly(token)| {
        application.account.confirm_email_change.execute(&origin, ConfirmEmailChangeCommand { token }).await?;
        Ok(Done::Told("confirmed"))
    })
    .await
}
