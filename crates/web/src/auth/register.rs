//! `POST /auth/register`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::register::{RegisterCommand, Registration};
use countersign_domain::email_address::EmailAddress;
use countersign_domain::name::PersonName;
use countersign_domain::password::NewPassword;
use countersign_domain::secret::Secret;
use utoipa::ToSchema;

use crate::extract::{Fields, FromFields, JsonBody, RequestOrigin};
use crate::present::{MessageBody, UserBody};
use crate::problem::Problem;

/// Who registers.
#[derive(ToSchema)]
#[schema(as = Register)]
pub(crate) struct RegisterBody {
    #[schema(value_type = String, format = Email)]
    email: EmailAddress,
    /// 8 to 128 characters, not a common one, not made of name or address.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    password: NewPassword,
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    first_name: PersonName,
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    last_name: PersonName,
    /// Of an invitation sent to this very address: joins its team, and verifies the address.
    #[schema(value_type = Option<String>)]
    invitation_token: Option<Secret>,
}

impl FromFields for RegisterBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let email = fields.required("email", EmailAddress::parse);
        let password = fields.required("password", NewPassword::parse);
        let first_name = fields.required("first_name", PersonName::parse);
        let last_name = fields.required("last_name", PersonName::parse);
        let invitation_token = fields.optional_secret("invitation_token");
        Some(Self {
            email: email?,
            password: password?,
            first_name: first_name?,
            last_name: last_name?,
            invitation_token,
        })
    }
}

impl From<RegisterBody> for RegisterCommand {
    fn from(body: RegisterBody) -> Self {
        let RegisterBody { email, password, first_name, last_name, invitation_token } = body;
        Self { email, password, first_name, last_name, invitation_token }
    }
}

/// Register an account, with an invitation also into its team.
#[utoipa::path(post, path = "/auth/register", tag = "auth", request_body = RegisterBody,
    responses(
        (status = 201, description = "The account exists; a mail to its address asks to verify it.", body = UserBody),
        (status = 202, description = "Where taken addresses are concealed: the same for every address.",
            body = MessageBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    JsonBody(body): JsonBody<RegisterBody>,
) -> Result<HttpResponse, Problem> {
    Ok(match application.auth.register.execute(&origin, body.into()).await? {
        Registration::Registered(user) => HttpResponse::Created().json(UserBody::from(user)),
        Registration::Concealed => HttpResponse::Accepted().json(MessageBody::new(CONCEALED)),
    })
}

const CONCEALED: &str = "The registration has been received. A mail to the address says how to go on, if need be.";

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::error::{Conflict, WriteError};
    use countersign_application::policy::RegistrationMode;
    use countersign_application::testing::{Mocks, StagedUnitOfWork, password_hasher, user};
    use serde_json::{Value, json};

    use crate::testing::call;

    fn request(body: &Value) -> TestRequest {
        TestRequest::post().uri("/auth/register").set_json(body)
    }

    fn body() -> Value {
        json!({"email": "User1@Example.com", "password": "correct horse battery", "first_name": " Firstname ",
            "last_name": "Surname", "is_superuser": true, "email_verified": true, "id": "mine"})
    }

    fn mocks(taken: bool) -> Mocks {
        let mut mocks = Mocks::default();
        mocks.password_hasher = password_hasher();
        mocks.users.expect_find_by_email().returning(move |_| Ok(Some(user(1)).filter(|_| taken)));
        let mut uow = StagedUnitOfWork::default();
        uow.users.expect_insert().returning(|_, _| Ok(()));
        uow.users.expect_find_by_email().returning(|_| Ok(Some(user(1))));
        uow.one_time_tokens.expect_replace().returning(|_| Ok(()));
        mocks.stage(uow);
        mocks
    }

    #[actix_web::test]
    async fn the_account_is_shown_and_fields_of_no_concern_take_no_effect() {
        let answer = call(mocks(false), request(&body())).await;
        assert_eq!(answer.status, 201);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let shown = answer.json();
        let at = "2026-01-02T03:04:05.678Z";
        let expected = json!({"id": shown["id"], "email": "user1@example.com", "first_name": "Firstname",
            "last_name": "Surname", "is_active": true, "is_superuser": false, "email_verified": false,
            "created_at": at, "updated_at": at});
        assert_eq!(shown, expected);
        assert_ne!(shown["id"], "mine");
    }

    #[actix_web::test]
    async fn a_taken_address_is_a_conflict_also_when_it_is_taken_meanwhile() {
        let answer = call(mocks(true), request(&body())).await;
        assert_eq!(answer.problem(), (409, "email_taken".to_owned()));

        let mut raced = Mocks::default();
        raced.password_hasher = password_hasher();
        raced.users.expect_find_by_email().returning(|_| Ok(None));
        let mut uow = StagedUnitOfWork::default();
        uow.users.expect_insert().returning(|_, _| Err(WriteError::Conflict(Conflict::EmailTaken)));
        raced.stage(uow);
        let answer = call(raced, request(&body())).await;
        assert_eq!(answer.problem(), (409, "email_taken".to_owned()));
    }

    #[actix_web::test]
    async fn where_taken_addresses_are_concealed_every_answer_is_the_same() {
        let mut answers = vec![];
        for taken in [false, true] {
            let mut mocks = mocks(taken);
            mocks.policy.conceal_existing = true;
            let answer = call(mocks, request(&body())).await;
            assert_eq!(answer.status, 202);
            assert!(!answer.json()["message"].as_str().unwrap().is_empty());
            answers.push(answer.text);
        }
        assert_eq!(answers[0], answers[1]);
    }

    #[actix_web::test]
    async fn a_closed_registration_says_so() {
        let mut mocks = Mocks::default();
        mocks.policy.registration = RegistrationMode::Closed;
        let answer = call(mocks, request(&body())).await;
        assert_eq!(answer.problem(), (403, "registration_closed".to_owned()));
    }

    #[actix_web::test]
    async fn an_invitation_counts_only_while_it_is_good_and_for_its_address() {
        use countersign_application::testing::invitation;
        use countersign_domain::team::role::Role;
        for (found, status, code) in [
            (None, 400, "invalid_token"),
            (Some(invitation("another@example.com", Role::Member)), 403, "invitation_for_another_account"),
        ] {
            let mut mocks = Mocks::default();
            mocks.invitations.expect_find_by_digest().returning(move |_| Ok(found.clone()));
            let mut body = body();
            body["invitation_token"] = json!("invitation-token");
            let answer = call(mocks, request(&body)).await;
            assert_eq!(answer.problem(), (status, code.to_owned()));
        }
    }

    #[actix_web::test]
    async fn every_broken_rule_is_named_by_its_field() {
        let body = json!({"email": "a@b@c", "password": "short", "first_name": " ", "invitation_token": 7});
        let answer = call(Mocks::default(), request(&body)).await;
        let fields: Vec<_> = answer.violations().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["email", "password", "first_name", "last_name", "invitation_token"]);
    }

    #[actix_web::test]
    async fn a_password_made_of_the_address_is_refused_by_its_field() {
        let mut body = body();
        body["password"] = json!("user1@example.com");
        let answer = call(Mocks::default(), request(&body)).await;
        assert_eq!(answer.violations()[0].0, "password");
    }
}
