//! `/register`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::register::RegisterError;

use crate::auth::register::RegisterBody;
use crate::extract::RequestOrigin;
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Page};
use crate::pages::submitted::Submitted;
use crate::problem::Problem;

const PAGE: Page = Page {
    name: "register",
    fields: &[
        Field::text("first_name", "given-name"),
        Field::text("last_name", "family-name"),
        Field::email("email", "username"),
        Field::new_password("password").called("chosen_password"),
    ],
};

pub(crate) async fn show(frame: Frame) -> Result<HttpResponse, Problem> {
    if frame.session.is_some() {
        return Ok(frame.go("account"));
    }
    if !frame.registers() {
        return Err(RegisterError::RegistrationClosed.into());
    }
    Ok(PAGE.show(&frame))
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Submitted(form): Submitted,
) -> HttpResponse {
    PAGE.submit(&frame, &form, async |registrant: RegisterBody| {
        // The same whether or not it is concealed that the address is taken.
        application.auth.register.execute(&origin, registrant.into()).await?;
        Ok(Done::Led(frame.go_saying("sign-in", "registered")))
    })
    .await
}
