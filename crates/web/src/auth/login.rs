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
    email: EmailAddress,
    #[schema(value_type = String, format = Password)]
    password: PresentedPassword,
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
    use countersign_application::testing::Mocks;
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
}
