//! `/disown-account`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::disown_account::DisownAccountCommand;

use crate::extract::{QueryFields, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Linked, Page, TokenOnly};
use crate::pages::submitted::Submitted;

const PAGE: Page = Page { name: "disown_account", fields: &[Field::token()] };

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
        application.auth.disown_account.execute(&origin, DisownAccountCommand { token }).await?;
        // Whoever had no account has nowhere to sign in.
        Ok(Done::Led(frame.go_saying("", "disowned")))
    })
    .await
}
