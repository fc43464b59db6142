//! `POST /auth/refresh`

use actix_web::web;
use countersign_application::Application;
use countersign_application::auth::refresh::RefreshCommand;
use countersign_domain::secret::Secret;
use utoipa::ToSchema;

use crate::extract::{Fields, FromFields, JsonBody, RequestOrigin};
use crate::present::TokensBody;
use crate::problem::Problem;

/// The refresh token of a session.
#[derive(ToSchema)]
#[schema(as = Refresh)]
pub(crate) struct RefreshBody {
    #[schema(value_type = String)]
    refresh_token: Secret,
}

impl FromFields for RefreshBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { refresh_token: fields.secret("refresh_token")? })
    }
}

/// Exchange a refresh token for its successor and a fresh access token. The same token again gets the same successor
/// for a moment; later it ends the session, for somebody else may have it.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth", request_body = RefreshBody,
    responses((status = 200, description = "The session's new tokens.", body = TokensBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    JsonBody(RefreshBody { refresh_token }): JsonBody<RefreshBody>,
) -> Result<web::Json<TokensBody>, Problem> {
    let tokens = application.auth.refresh.execute(&origin, RefreshCommand { refresh_token }).await?;
    Ok(web::Json(tokens.into()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{Mocks, StagedUnitOfWork, session, user};
    use countersign_domain::secret::RefreshToken;
    use serde_json::{Value, json};

    use crate::testing::call;

    fn request(body: &Value) -> TestRequest {
        TestRequest::post().uri("/auth/refresh").set_json(body)
    }

    #[actix_web::test]
    async fn a_good_token_is_exchanged() {
        let presented = RefreshToken::new([1; 16], [1; 32]);
        let mut mocks = Mocks::default();
        let family = presented.family_digest();
        mocks
            .sessions
            .expect_find_by_family()
            .returning(move |asked| Ok(Some(session(1)).filter(|_| *asked == family)));
        mocks.users.expect_find_by_id().returning(|_| Ok(Some(user(1))));
        mocks.memberships.expect_list_active_by_user().returning(|_, _| Ok(vec![]));
        let mut uow = StagedUnitOfWork::default();
        uow.sessions.expect_rotate().returning(|_| Ok(true));
        mocks.stage(uow);
        let body = json!({"refresh_token": presented.secret().expose()});
        let answer = call(mocks, request(&body)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let tokens = answer.json();
        let expected = json!({"access_token": "access-token", "token_type": "Bearer", "expires_in": 900,
            "refresh_token": tokens["refresh_token"], "refresh_expires_in": 30 * 24 * 3600});
        assert_eq!(tokens, expected);
    }

    #[actix_web::test]
    async fn anything_else_is_one_and_the_same_401() {
        let unknown = RefreshToken::new([7; 16], [7; 32]).secret().expose().to_owned();
        for token in ["rubbish", unknown.as_str()] {
            let mut mocks = Mocks::default();
            mocks.sessions.expect_find_by_family().returning(|_| Ok(None));
            let answer = call(mocks, request(&json!({"refresh_token": token}))).await;
            assert_eq!(answer.problem(), (401, "invalid_refresh_token".to_owned()));
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
            assert!(!answer.text.contains(token));
        }
    }

    #[actix_web::test]
    async fn without_a_token_there_is_nothing_to_exchange() {
        for body in [json!({}), json!({"refresh_token": ""}), json!({"refresh_token": null})] {
            let answer = call(Mocks::default(), request(&body)).await;
            assert_eq!(answer.violations(), [("refresh_token".to_owned(), "required".to_owned())]);
        }
    }
}
