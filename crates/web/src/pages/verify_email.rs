//! `/verify-email`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::verify_email::{Proof, VerifyEmailCommand, VerifyEmailError};
use countersign_domain::password::PresentedPassword;

use crate::extract::{Fields, FromFields, QueryFields, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Linked, Page, WRONG_PASSWORD};
use crate::pages::submitted::Submitted;
use crate::problem::{FieldError, Problem};

/// The password shows that whoever reads the mail also owns the account: somebody else may have registered the
/// address, and a mere click must not hand it to them.
const PAGE: Page = Page { name: "verify_email", fields: &[Field::token(), Field::password("password")] };

struct VerificationForm(VerifyEmailCommand);

impl FromFields for VerificationForm {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let token = fields.secret("token");
        let password = fields.required("password", PresentedPassword::parse);
        Some(Self(VerifyEmailCommand { token: token?, proof: Some(Proof::Password(password?)) }))
    }
}

/// Whoever filled this form in needs another password, not advice to sign in.
fn told_at_the_field(error: VerifyEmailError) -> Problem {
    let is_wrong = matches!(error, VerifyEmailError::ProofRequired);
    let mut problem = Problem::from(error);
    if is_wrong {
        problem.detail = "The e-mail address is not verified yet. Give the password of the account.".into();
        problem.errors = vec![FieldError::new("password", WRONG_PASSWORD, "this is not the password of the account")];
    }
    problem
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
    PAGE.submit(&frame, &form, async |VerificationForm(command)| {
        application.auth.verify_email.execute(&origin, command).await.map_err(told_at_the_field)?;
        Ok(Done::Told("verified"))
    })
    .await
}
