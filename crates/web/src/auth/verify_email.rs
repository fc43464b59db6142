//! `POST /auth/verify-email`

use actix_web::web;
use countersign_application::Application;
use countersign_application::auth::verify_email::{Proof, VerifyEmailCommand};
use countersign_domain::password::PresentedPassword;
use countersign_domain::secret::Secret;
use utoipa::ToSchema;

use crate::extract::{Fields, FromFields, JsonBody, MaybeAuthenticated, RequestOrigin};
use crate::present::MessageBody;
use crate::problem::Problem;

/// The mailed token, and the account's password unless its access token is sent along.
#[derive(ToSchema)]
#[schema(as = VerifyEmail)]
pub(crate) struct VerifyEmailBody {
    #[schema(value_type = String)]
    token: Secret,
    /// Counts before an access token.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<PresentedPassword>,
}

impl FromFields for VerifyEmailBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let token = fields.secret("token");
        let password = fields.optional("password", PresentedPassword::parse);
        Some(Self { token: token?, password })
    }
}

/// Verify the address of an account. Takes the mailed token and proof of the account, an access token of it or its
/// password: who owns the mailbox alone must not verify a stranger's account by a click.
#[utoipa::path(post, path = "/auth/verify-email", tag = "auth", request_body = VerifyEmailBody,
    security((), ("bearer" = [])),
    responses((status = 200, description = "The address is verified.", body = MessageBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    MaybeAuthenticated(actor): MaybeAuthenticated,
    JsonBody(VerifyEmailBody { token, password }): JsonBody<VerifyEmailBody>,
) -> Result<web::Json<MessageBody>, Problem> {
    let proof = password.map(Proof::Password).or_else(|| actor.map(|actor| Proof::Session(Box::new(actor))));
    application.auth.verify_email.execute(&origin, VerifyEmailCommand { token, proof }).await?;
    Ok(web::Json(MessageBody::new("The address has been verified.")))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::ports::user_repository::MockUserRepository;
    use countersign_application::testing::{Mocks, PASSWORD, StagedUnitOfWork, credentials, password_hasher, user};
    use countersign_domain::one_time_token::Purpose;
    use countersign_domain::user::User;
    use serde_json::{Value, json};

    use crate::auth::one_time_tokens::{self, TOKEN};
    use crate::testing::{call, sign_in, signed_in};

    fn request(body: &Value) -> TestRequest {
        TestRequest::post().uri("/auth/verify-email").set_json(body)
    }

    fn unverified() -> User {
        User { email_verified: false, ..user(1) }
    }

    fn mocks() -> Mocks {
        let mut mocks = one_time_tokens::good_for(Purpose::EmailVerification, unverified());
        mocks.password_hasher = password_hasher();
        mocks.credentials.expect_find_by_user().returning(|id| Ok(Some(credentials(1)).filter(|c| c.user.id == id)));
        mocks.networks.expect_knows().returning(|_, _| Ok(false));
        let mut uow = StagedUnitOfWork::default();
        one_time_tokens::consumed_in(&mut uow, Purpose::EmailVerification, unverified());
        uow.users.expect_update().withf(|user| user.email_verified).returning(|_| Ok(()));
        uow.memberships.expect_activate_awaiting().returning(|_| Ok(vec![]));
        mocks.stage(uow);
        mocks
    }

    #[actix_web::test]
    async fn the_password_or_an_access_token_of_the_account_proves_it() {
        let mut by_token = mocks();
        sign_in(&mut by_token, &unverified());
        let by_token = call(by_token, signed_in(request(&json!({"token": TOKEN})))).await;
        let by_password = call(mocks(), request(&json!({"token": TOKEN, "password": PASSWORD}))).await;
        for answer in [by_token, by_password] {
            assert_eq!(answer.status, 200, "{answer:?}");
            assert_eq!(answer.json(), json!({"message": "The address has been verified."}));
        }
    }

    #[actix_web::test]
    async fn without_proof_or_with_a_wrong_one_it_is_refused() {
        for password in [json!(null), json!("wrong password")] {
            let answer = call(mocks(), request(&json!({"token": TOKEN, "password": password}))).await;
            assert_eq!(answer.problem(), (403, "proof_required".to_owned()));
        }
    }

    #[actix_web::test]
    async fn the_access_token_of_another_account_proves_nothing() {
        let mut mocks = mocks();
        mocks.users = MockUserRepository::new();
        mocks.users.expect_find_by_id().returning(|id| Ok([unverified(), user(2)].into_iter().find(|u| u.id == id)));
        sign_in(&mut mocks, &user(2));
        let answer = call(mocks, signed_in(request(&json!({"token": TOKEN})))).await;
        assert_eq!(answer.problem(), (403, "proof_required".to_owned()));
    }

    #[actix_web::test]
    async fn a_password_counts_before_an_access_token() {
        let mut mocks = mocks();
        sign_in(&mut mocks, &unverified());
        let body = json!({"token": TOKEN, "password": "wrong password"});
        let answer = call(mocks, signed_in(request(&body))).await;
        assert_eq!(answer.problem(), (403, "proof_required".to_owned()));
    }

    #[actix_web::test]
    async fn an_unknown_token_is_a_400_and_a_bad_access_token_a_401() {
        let body = json!({"token": "guess", "password": PASSWORD});
        let answer = call(one_time_tokens::none(), request(&body)).await;
        assert_eq!(answer.problem(), (400, "invalid_token".to_owned()));

        let mut mocks = mocks();
        sign_in(&mut mocks, &unverified());
        let forged = request(&json!({"token": TOKEN})).insert_header(("authorization", "Bearer forged"));
        let answer = call(mocks, forged).await;
        assert_eq!(answer.problem(), (401, "invalid_token".to_owned()));
    }

    #[actix_web::test]
    async fn bad_fields_are_named() {
        let answer = call(Mocks::default(), request(&json!({"password": 5}))).await;
        let expected = [("token", "required"), ("password", "invalid_type")];
        assert_eq!(answer.violations(), expected.map(|(field, code)| (field.to_owned(), code.to_owned())));
    }
}
