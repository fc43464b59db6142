//! `/account/email`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::account::request_email_change::RequestEmailChangeCommand;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::password::PresentedPassword;

use crate::extract::{Authenticated, Fields, FromFields, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Page};
use crate::pages::submitted::Submitted;

const PAGE: Page =
    Page { name: "change_email", fields: &[Field::email("new_email", "email"), Field::password("current_password")] };

struct NewAddress(RequestEmailChangeCommand);

impl FromFields for NewAddress {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let current_password = fields.required("current_password", PresentedPassword::parse);
        let new_email = fields.required("new_email", EmailAddress::parse);
        Some(Self(RequestEmailChangeCommand { current_password: current_password?, new_email: new_email? }))
    }
}

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
    PAGE.submit(&frame, &form, async |NewAddress(command)| {
        application.account.request_email_change.execute(&actor, &origin, command).await?;
        Ok(Done::Led(frame.go_saying("account", "email_requested")))
    })
    .await
}
