//! `/reset-password`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::reset_password::ResetPasswordCommand;
use countersign_domain::password::NewPassword;

use crate::extract::{Fields, FromFields, QueryFields, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Linked, Page};
use crate::pages::submitted::Submitted;

const PAGE: Page = Page { name: "reset_password", fields: &[Field::token(), Field::new_password("new_password")] };

struct NewPasswordForm(ResetPasswordCommand);

impl FromFields for NewPasswordForm {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let token = fields.secret("token");
        let new_password = fields.required("new_password", NewPassword::parse);
        Some(Self(ResetPasswordCommand { token: token?, new_password: new_password? }))
    }
}

pub(crate) async fn show(frame: Frame, QueryFields(link): QueryFields<Linked>) -> HttpResponse {
    PAGE.show_linked(&frame, link.token.as_deref())
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Submitted(form): Submitted,
) -> HttpResponse {
    PAGE.submit(&frame, &form, async |NewPasswordForm(command)| {
        application.auth.reset_password.execute(&origin, command).await?;
        Ok(Done::Told("set"))
    })
    .await
}
