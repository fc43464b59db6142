//! `POST /auth/password-reset`

use actix_web::web;
use countersign_application::Application;
use countersign_application::auth::reset_password::ResetPasswordCommand;
use countersign_domain::password::NewPassword;
use countersign_domain::secret::Secret;
use utoipa::ToSchema;

use crate::extract::{Fields, FromFields, JsonBody, RequestOrigin};
use crate::present::MessageBody;
use crate::problem::Problem;

/// The mailed token and the new password.
#[derive(ToSchema)]
#[schema(as = ResetPassword)]
pub(crate) struct ResetPasswordBody {
    #[schema(value_type = String)]
    pub(crate) token: Secret,
    /// 8 to 128 characters, not a common one, not made of name or address.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    pub(crate) new_password: NewPassword,
}

impl FromFields for ResetPasswordBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let token = fields.secret("token");
        let new_password = fields.required("new_password", NewPassword::parse);
        Some(Self { token: token?, new_password: new_password? })
    }
}

/// Set a new password with the mailed token. A refused password does not use the token up.
#[utoipa::path(post, path = "/auth/password-reset", tag = "auth", request_body = ResetPasswordBody,
    responses((status = 200, description = "The password is set, and every session is over.", body = MessageBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    JsonBody(ResetPasswordBody { token, new_password }): JsonBody<ResetPasswordBody>,
) -> Result<web::Json<MessageBody>, Problem> {
    application.auth.reset_password.execute(&origin, ResetPasswordCommand { token, new_password }).await?;
    Ok(web::Json(MessageBody::new("The password has been reset. Sign in with the new one.")))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{Mocks, StagedUnitOfWork, password_hasher, user};
    use countersign_domain::one_time_token::Purpose;
    use serde_json::{Value, json};

    use crate::auth::one_time_tokens::{self, TOKEN};
    use crate::testing::call;

    fn request(body: &Value) -> TestRequest {
        TestRequest::post().uri("/auth/password-reset").set_json(body)
    }

    fn body() -> Value {
        json!({"token": TOKEN, "new_password": "a far better password"})
    }

    #[actix_web::test]
    async fn the_password_is_set() {
        let mut mocks = one_time_tokens::good_for(Purpose::PasswordReset, user(1));
        mocks.password_hasher = password_hasher();
        let mut uow = StagedUnitOfWork::default();
        one_time_tokens::consumed_in(&mut uow, Purpose::PasswordReset, user(1));
        uow.users.expect_update().returning(|_| Ok(()));
        uow.credentials.expect_replace().times(1).returning(|_, _| Ok(()));
        uow.sessions.expect_end_by_user().returning(|_, _, _, _| Ok(1));
        uow.one_time_tokens.expect_remove_by_user().returning(|_, _| Ok(()));
        uow.networks.expect_forget().times(1).returning(|_| Ok(()));
        let written = mocks.stage(uow);
        let answer = call(mocks, request(&body())).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json(), json!({"message": "The password has been reset. Sign in with the new one."}));
        assert!(written.committed());
    }

    #[actix_web::test]
    async fn an_unknown_token_is_a_400() {
        let answer = call(one_time_tokens::none(), request(&body())).await;
        assert_eq!(answer.problem(), (400, "invalid_token".to_owned()));
        assert_eq!(answer.header("www-authenticate"), None);
    }

    #[actix_web::test]
    async fn a_bad_password_is_named_before_the_token_is_looked_at() {
        let answer = call(Mocks::default(), request(&json!({"token": TOKEN, "new_password": "short"}))).await;
        assert_eq!(answer.violations()[0].0, "new_password");
        let answer = call(Mocks::default(), request(&json!({}))).await;
        let fields: Vec<_> = answer.violations().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["token", "new_password"]);
    }

    #[actix_web::test]
    async fn a_password_made_of_the_address_is_refused_by_its_field() {
        let mocks = one_time_tokens::good_for(Purpose::PasswordReset, user(1));
        let body = json!({"token": TOKEN, "new_password": "user1@example.com"});
        let answer = call(mocks, request(&body)).await;
        assert_eq!(answer.violations()[0].0, "new_password");
    }
}
