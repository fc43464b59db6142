//! `/disown-account`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::disown_account::DisownAccountCommand;

use crate::extract::form::Form;
use crate::extract::{QueryFields, RequestOrigin};
use crate::pages::page::{Linked, Page, TokenOnly};
use crate::settings::WebSettings;

const PAGE: Page = Page {
    action: "disown-account",
    title: "This was not you?",
    intro: "Somebody registered an account with your e-mail address. If it was not you, the account is deleted.",
    fields: &[],
    button: "It was not me: delete the account",
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
        application.auth.disown_account.execute(&origin, DisownAccountCommand { token }).await?;
        Ok("The account is deleted. There is nothing else to do.")
    })
    .await
}
