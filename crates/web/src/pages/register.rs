//! `/register`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::register::RegisterCommand;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::name::PersonName;
use countersign_domain::password::NewPassword;

use crate::extract::{Fields, FromFields, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Page};
use crate::pages::submitted::Submitted;

const PAGE: Page = Page {
    name: "register",
    fields: &[
        Field::text("first_name", "given-name"),
        Field::text("last_name", "family-name"),
        Field::email("email", "username"),
        Field::new_password("password").called("chosen_password"),
    ],
};

struct Registrant(RegisterCommand);

impl FromFields for Registrant {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let first_name = fields.required("first_name", PersonName::parse);
        let last_name = fields.required("last_name", PersonName::parse);
        let email = fields.required("email", EmailAddress::parse);
        let password = fields.required("password", NewPassword::parse);
        Some(Self(RegisterCommand {
            email: email?,
            password: password?,
            first_name: first_name?,
            last_name: last_name?,
            invitation_token: None,
        }))
    }
}

pub(crate) async fn show(frame: Frame) -> HttpResponse {
    if frame.session.is_some() { frame.go("account") } else { PAGE.show(&frame) }
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Submitted(form): Submitted,
) -> HttpResponse {
    PAGE.submit(&frame, &form, async |Registrant(command)| {
        // The same whether or not it is concealed that the address is taken.
        application.auth.register.execute(&origin, command).await?;
        Ok(Done::Led(frame.go_saying("sign-in", "registered")))
    })
    .await
}
