//! `/verify-email`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::verify_email::{Proof, VerifyEmailCommand, VerifyEmailError};
use countersign_domain::password::PresentedPassword;

use crate::extract::{Fields, FromFields, QueryFields, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Linked, Page, TokenOnly, WRONG_PASSWORD};
use crate::pages::submitted::Submitted;
use crate::problem::{FieldError, Problem};

/// The password shows that whoever reads the mail also owns the account: somebody else may have registered the
/// address, and a mere click must not hand it to them.
const PAGE: Page = Page { name: "verify_email", fields: &[Field::token(), Field::password("password")] };

/// Whoever is signed in to the account has shown that it is theirs.
const BY_SESSION: Page = Page { name: "verify_own_email", fields: &[Field::token()] };

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
    let errors = is_wrong.then(|| FieldError::of_page("password", WRONG_PASSWORD)).into_iter().collect();
    Problem { errors, ..Problem::from(error) }
}

pub(crate) async fn show(frame: Frame, QueryFields(link): QueryFields<Linked>) -> HttpResponse {
    let is_to_verify = frame.session.as_ref().is_some_and(|session| !session.actor.user.email_verified);
    if is_to_verify { BY_SESSION } else { PAGE }.show_linked(&frame, link.token.as_deref())
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Submitted(form): Submitted,
) -> HttpResponse {
    if let Some(session) = frame.session.as_ref().filter(|_| form.value("password").is_none()) {
        let mut is_of_another = false;
        let answer = BY_SESSION
            .submit(&frame, &form, async |TokenOnly(token)| {
                let proof = Some(Proof::Session(Box::new(session.actor.clone())));
                let verified =
                    application.auth.verify_email.execute(&origin, VerifyEmailCommand { token, proof }).await;
                is_of_another = matches!(verified, Err(VerifyEmailError::ProofRequired));
                verified?;
                Ok(Done::Told("own_verified"))
            })
            .await;
        return if is_of_another { PAGE.form(&frame, &form, None) } else { answer };
    }
    PAGE.submit(&frame, &form, async |VerificationForm(command)| {
        application.auth.verify_email.execute(&origin, command).await.map_err(told_at_the_field)?;
        Ok(Done::Told("verified"))
    })
    .await
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::ports::user_repository::MockUserRepository;
    use countersign_application::testing::{Mocks, StagedUnitOfWork, user};
    use countersign_domain::one_time_token::Purpose;
    use countersign_domain::user::User;

    use crate::auth::one_time_tokens::{self, TOKEN};
    use crate::testing::{Answer, FORM_TOKEN, call, in_browser, sign_in};

    fn unverified() -> User {
        User { email_verified: false, ..user(1) }
    }

    async fn submit_as(signed_in: &User, mut mocks: Mocks) -> Answer {
        let users = [signed_in.clone(), user(2)];
        mocks.users = MockUserRepository::new();
        mocks.users.expect_find_by_id().returning(move |id| Ok(users.iter().find(|user| user.id == id).cloned()));
        sign_in(&mut mocks, signed_in);
        let form = [("token", TOKEN), ("form_token", FORM_TOKEN)];
        call(mocks, in_browser(TestRequest::post().uri("/verify-email").set_form(form))).await
    }

    #[actix_web::test]
    async fn whoever_is_signed_in_to_the_account_needs_no_password() {
        let mut mocks = Mocks::default();
        sign_in(&mut mocks, &unverified());
        let page = call(mocks, in_browser(TestRequest::get().uri("/verify-email"))).await;
        assert!(!page.text.contains("type=\"password\"") && page.text.contains(">Verify</button>"), "{}", page.text);
        let mut mocks = one_time_tokens::good_for(Purpose::EmailVerification, unverified());
        let mut uow = StagedUnitOfWork::default();
        one_time_tokens::consumed_in(&mut uow, Purpose::EmailVerification, unverified());
        uow.users.expect_update().withf(|user| user.email_verified).returning(|_| Ok(()));
        uow.memberships.expect_activate_awaiting().returning(|_| Ok(vec![]));
        let written = mocks.stage(uow);
        let page = submit_as(&unverified(), mocks).await;
        assert!(page.text.contains("Your e-mail address is verified.") && written.committed(), "{}", page.text);
        assert!(page.text.contains("href=\"account\""), "{}", page.text);
    }

    #[actix_web::test]
    async fn whoever_is_signed_in_to_another_gives_the_password_of_this_one() {
        let mut mocks = Mocks::default();
        sign_in(&mut mocks, &user(1));
        let page = call(mocks, in_browser(TestRequest::get().uri("/verify-email"))).await;
        assert!(page.text.contains("type=\"password\""), "its address is verified: {}", page.text);
        let mocks = one_time_tokens::good_for(Purpose::EmailVerification, user(2));
        let page = submit_as(&user(1), mocks).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("type=\"password\"") && !page.text.contains("role=\"alert\""), "{}", page.text);
        assert!(page.text.contains(&format!("value=\"{TOKEN}\"")), "{}", page.text);
    }
}
