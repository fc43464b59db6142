//! `/account`: the whole at a glance, and the name.

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::account::update_profile::UpdateProfileCommand;
use countersign_domain::name::PersonName;
use countersign_domain::user::User;
use minijinja::context;

use crate::extract::form::Form;
use crate::extract::{Authenticated, Fields, FromFields, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Page};
use crate::pages::submitted::Submitted;

pub(crate) const NAME: Page =
    Page { name: "name", fields: &[Field::text("first_name", "given-name"), Field::text("last_name", "family-name")] };

struct Name(UpdateProfileCommand);

impl FromFields for Name {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let first_name = fields.required("first_name", PersonName::parse);
        let last_name = fields.required("last_name", PersonName::parse);
        Some(Self(UpdateProfileCommand { first_name: Some(first_name?), last_name: Some(last_name?) }))
    }
}

pub(crate) async fn show(frame: Frame, Authenticated(actor): Authenticated) -> HttpResponse {
    NAME.within("account.html", context! {}).form(&frame, &stored(&actor.user), None)
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Authenticated(actor): Authenticated,
    Submitted(form): Submitted,
) -> HttpResponse {
    NAME.within("account.html", context! {})
        .submit(&frame, &form, async |Name(command)| {
            application.account.update_profile.execute(&actor, &origin, command).await?;
            Ok(Done::Led(frame.go_saying("account", "name_saved")))
        })
        .await
}

fn stored(user: &User) -> Form {
    let name = [("first_name", user.first_name.as_str()), ("last_name", user.last_name.as_str())];
    Form(name.map(|(field, value)| (field.to_owned(), value.to_owned())).into())
}
