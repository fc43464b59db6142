//! `/reset-password`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::reset_password::ResetPasswordCommand;
use countersign_domain::password::NewPassword;

use crate::extract::form::Form;
use crate::extract::{Fields, FromFields, QueryFields, RequestOrigin};
use crate::pages::page::{Field, Linked, Page};
use crate::settings::WebSettings;

const PAGE: Page = Page {
    action: "reset-password",
    title: "Set a new password",
    intro: "You will be signed out everywhere and can sign in with the new password.",
    fields: &[Field {
        name: "new_password",
        label: "New password",
        kind: "password",
        autocomplete: "new-password",
        hint: "At least 8 characters.",
    }],
    button: "Set the password",
};

struct NewPasswordForm(ResetPasswordCommand);

impl FromFields for NewPasswordForm {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let token = fields.secret("token");
        let new_password = fields.required("new_password", NewPassword::parse);
        Some(Self(ResetPasswordCommand { token: token?, new_password: new_password? }))
    }
}

pub(crate) async fn show(settings: web::Data<WebSettings>, QueryFields(link): QueryFields<Linked>) -> HttpResponse {
    PAGE.show(&settings, link.token.as_deref())
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    settings: web::Data<WebSettings>,
    RequestOrigin(origin): RequestOrigin,
    form: Form,
) -> HttpResponse {
    PAGE.submit(&settings, &form, async |NewPasswordForm(command)| {
        application.auth.reset_password.execute(&origin, command).await?;
        Ok("Your password is set. Sign in with it.")
    })
    .await
}
