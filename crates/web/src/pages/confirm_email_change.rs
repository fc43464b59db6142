//! `/confirm-email-change`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::account::confirm_email_change::ConfirmEmailChangeCommand;

use crate::extract::form::Form;
use crate::extract::{QueryFields, RequestOrigin};
use crate::pages::page::{Linked, Page, TokenOnly};
use crate::settings::WebSettings;

const PAGE: Page = Page {
    action: "confirm-email-change",
    title: "Use this e-mail address",
    intro: "The account that asked for it will have this address from now on, and signs in with it. If it was not you who asked, signed in to that account, close this page: somebody else did.",
    fields: &[],
    button: "Use this address",
};

pub(crate) async fn show(settings: web::Data<WebSettings>, QueryFields(link): QueryFields<Linked>) -> HttpResponse {
    PAGE.show(&settings, link.token.as_deref())
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    settings: web::Data<WebSettings>,
    RequestOrigin(origin): RequestOrigin,
    form: Form,
) -> HttpResponse {
    PAGE.submit(&settings, &form, async |TokenOnly(token)| {
        application.account.confirm_email_change.execute(&origin, ConfirmEmailChangeCommand { token }).await?;
        Ok("Your account has the new e-mail address.")
    })
    .await
}
