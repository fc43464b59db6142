//! `POST /auth/login`

use actix_web::web;
use countersign_application::Application;
use countersign_application::auth::login::LogInCommand;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::password::PresentedPassword;
use utoipa::ToSchema;

use crate::extract::{Fields, FromFields, JsonBody, RequestOrigin};
use crate::present::TokensBody;
use crate::problem::Problem;

/// Address and password.
#[derive(ToSchema)]
#[schema(as = LogIn)]
pub(crate) struct LogInBody {
    #[schema(value_type = String, format = Email)]
    pub(crate) email: EmailAddress,
    #[schema(value_type = String, format = Password)]
    pub(crate) password: PresentedPassword,
}

impl FromFields for LogInBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let email = fields.required("email", EmailAddress::parse);
        let password = fields.required("password", PresentedPassword::parse);
        Some(Self { email: email?, password: password? })
    }
}

/// Sign in with address and password.
#[utoipa::path(post, path = "/auth/login", tag = "auth", request_body = LogInBody,
    responses((status = 200, description = "Signed in: a session and its tokens.", body = TokensBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    JsonBody(LogInBody { email, password }): JsonBody<LogInBody>,
) -> Result<web::Json<TokensBody>, Problem> {
    let tokens = application.auth.login.execute(&origin, LogInCommand { email, password }).await?;
    Ok(web::Json(tokens.into()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{Mocks, PASSWORD, StagedUnitOfWork, credentials, password_hasher};
    use countersign_domain::user::Credentials;
    use serde_json::json;

    use crate::testing::call;

    #[actix_web::test]
    async fn every_broken_rule_is_named_and_nothing_is_echoed() {
        let request = TestRequest::post().uri("/auth/login").set_json(json!({"email": "nobody", "password": 5}));
        let answer = call(Mocks::default(), request).await;
        let expected = [("email", "invalid_email"), ("password", "invalid_type")];
        assert_eq!(answer.violations(), expected.map(|(field, code)| (field.to_owned(), code.to_owned())));
        assert!(!answer.text.contains("nobody"));
    }

    #[actix_web::test]
    async fn credentials_in_the_query_do_not_count() {
        let request =
            TestRequest::post().uri("/auth/login?email=a@example.com&password=secret-word").set_json(json!({}));
        let answer = call(Mocks::default(), request).await;
        assert_eq!(answer.violations().len(), 2);
        assert!(!answer.text.contains("secret-word"));
    }

    fn mocks(stored: Option<Credentials>) -> Mocks {
        let mut mocks = Mocks::default();
        mocks.password_hasher = password_hasher();
        mocks.credentials.expect_find_by_email().returning(move |_| Ok(stored.clone()));
        mocks.networks.expect_knows().returning(|_, _| Ok(false));
        mocks.memberships.expect_list_active_by_user().returning(|_, _| Ok(vec![]));
        let mut uow = StagedUnitOfWork::default();
        uow.credentials.expect_lock().returning(|_| Ok(Some(credentials(1))));
        uow.sessions.expect_insert().returning(|_| Ok(()));
        uow.sessions.expect_end_oldest().returning(|_, _, _| Ok(vec![]));
        uow.networks.expect_remember().returning(|_, _, _| Ok(()));
        mocks.stage(uow);
        mocks
    }

    fn request(password: &str) -> TestRequest {
        let body = json!({"email": "user1@example.com", "password": password});
        TestRequest::post().uri("/auth/login").set_json(body)
    }

    #[actix_web::test]
    async fn the_right_password_gets_tokens() {
        let answer = call(mocks(Some(credentials(1))), request(PASSWORD)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let tokens = answer.json();
        let expected = json!({"access_token": "access-token", "token_type": "Bearer", "expires_in": 900,
            "refresh_token": tokens["refresh_token"], "refresh_expires_in": 30 * 24 * 3600});
        assert_eq!(tokens, expected);
    }

    #[actix_web::test]
    async fn unknown_wrong_and_inactive_are_one_and_the_same_answer() {
        let mut inactive = credentials(1);
        inactive.user.is_active = false;
        let mut answers = vec![];
        for (stored, password) in [(None, PASSWORD), (Some(credentials(1)), "another one"), (Some(inactive), PASSWORD)]
        {
            let request = request(password).insert_header(("x-request-id", "same"));
            let answer = call(mocks(stored), request).await;
            assert_eq!(answer.problem(), (401, "invalid_credentials".to_owned()));
            answers.push(answer.text);
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    }
}
