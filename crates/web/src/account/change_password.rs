//! `POST /auth/change-password`

use actix_web::web;
use countersign_application::Application;
use countersign_application::account::change_password::ChangePasswordCommand;
use countersign_domain::password::{NewPassword, PresentedPassword};
use utoipa::ToSchema;

use crate::extract::{Authenticated, Fields, FromFields, JsonBody, RequestOrigin};
use crate::present::TokensBody;
use crate::problem::Problem;

/// The password until now and the one from now on.
#[derive(ToSchema)]
#[schema(as = ChangePassword)]
pub(crate) struct ChangePasswordBody {
    #[schema(value_type = String, format = Password)]
    pub(crate) current_password: PresentedPassword,
    /// 8 to 128 characters, not a common one, not made of name or address.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    pub(crate) new_password: NewPassword,
}

impl FromFields for ChangePasswordBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let current_password = fields.required("current_password", PresentedPassword::parse);
        let new_password = fields.required("new_password", NewPassword::parse);
        Some(Self { current_password: current_password?, new_password: new_password? })
    }
}

/// Change the password. Every session ends, and the caller gets a new one.
#[utoipa::path(post, path = "/auth/change-password", tag = "account", request_body = ChangePasswordBody,
    responses((status = 200, description = "Changed: a new session and its tokens.", body = TokensBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    Authenticated(actor): Authenticated,
    JsonBody(ChangePasswordBody { current_password, new_password }): JsonBody<ChangePasswordBody>,
) -> Result<web::Json<TokensBody>, Problem> {
    let command = ChangePasswordCommand { current_password, new_password };
    let tokens = application.account.change_password.execute(&actor, &origin, command).await?;
    Ok(web::Json(tokens.into()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::PASSWORD;
    use serde_json::{Value, json};

    use crate::account::password_holder::{signed_in_with_password, unchanged};
    use crate::testing::{call, signed_in};

    fn request(body: &Value) -> TestRequest {
        signed_in(TestRequest::post().uri("/auth/change-password").set_json(body))
    }

    #[actix_web::test]
    async fn the_caller_gets_new_tokens() {
        let mut mocks = signed_in_with_password();
        let mut uow = unchanged();
        uow.users.expect_update().returning(|_| Ok(()));
        uow.credentials.expect_replace().times(1).returning(|_, _| Ok(()));
        uow.sessions.expect_end_by_user().returning(|_, _, _, _| Ok(1));
        uow.sessions.expect_insert().returning(|_| Ok(()));
        uow.one_time_tokens.expect_remove_by_user().returning(|_, _| Ok(()));
        let written = mocks.stage(uow);
        let body = json!({"current_password": PASSWORD, "new_password": "a far better password"});
        let answer = call(mocks, request(&body)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let tokens = answer.json();
        let expected = json!({"access_token": "access-token", "token_type": "Bearer", "expires_in": 900,
            "refresh_token": tokens["refresh_token"], "refresh_expires_in": 30 * 24 * 3600});
        assert_eq!(tokens, expected);
        assert!(written.committed());
    }

    #[actix_web::test]
    async fn a_wrong_current_password_is_a_403() {
        let body = json!({"current_password": "another one", "new_password": "a far better password"});
        let answer = call(signed_in_with_password(), request(&body)).await;
        assert_eq!(answer.problem(), (403, "wrong_password".to_owned()));
    }

    #[actix_web::test]
    async fn bad_passwords_are_named() {
        let answer = call(signed_in_with_password(), request(&json!({"new_password": "short"}))).await;
        let fields: Vec<_> = answer.violations().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["current_password", "new_password"]);
        let body = json!({"current_password": PASSWORD, "new_password": "user1@example.com"});
        let answer = call(signed_in_with_password(), request(&body)).await;
        assert_eq!(answer.violations()[0].0, "new_password");
    }
}
