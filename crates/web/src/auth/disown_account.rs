//! `POST /auth/disown-account`

use actix_web::web;
use countersign_application::Application;
use countersign_application::auth::disown_account::DisownAccountCommand;
use countersign_domain::secret::Secret;
use utoipa::ToSchema;

use crate::extract::{Fields, FromFields, JsonBody, RequestOrigin};
use crate::present::MessageBody;
use crate::problem::Problem;

/// The token of the verification mail.
#[derive(ToSchema)]
#[schema(as = DisownAccount)]
pub(crate) struct DisownAccountBody {
    #[schema(value_type = String)]
    token: Secret,
}

impl FromFields for DisownAccountBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { token: fields.secret("token")? })
    }
}

/// Say "this was not me": deletes the unverified account that somebody registered with an address of yours.
#[utoipa::path(post, path = "/auth/disown-account", tag = "auth", request_body = DisownAccountBody,
    responses((status = 200, description = "The unverified account is deleted.", body = MessageBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    JsonBody(DisownAccountBody { token }): JsonBody<DisownAccountBody>,
) -> Result<web::Json<MessageBody>, Problem> {
    application.auth.disown_account.execute(&origin, DisownAccountCommand { token }).await?;
    Ok(web::Json(MessageBody::new("The account has been deleted.")))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{Mocks, StagedUnitOfWork, user};
    use countersign_domain::one_time_token::Purpose;
    use countersign_domain::user::User;
    use serde_json::{Value, json};

    use crate::auth::one_time_tokens::{self, TOKEN};
    use crate::testing::call;

    fn request(body: &Value) -> TestRequest {
        TestRequest::post().uri("/auth/disown-account").set_json(body)
    }

    #[actix_web::test]
    async fn the_unverified_account_goes() {
        let unverified = User { email_verified: false, ..user(1) };
        let mut mocks = one_time_tokens::good_for(Purpose::EmailVerification, unverified.clone());
        let mut uow = StagedUnitOfWork::default();
        one_time_tokens::consumed_in(&mut uow, Purpose::EmailVerification, unverified);
        uow.roster.expect_lock_teams_of().returning(|_| Ok(vec![]));
        uow.roster.expect_teams_depending_on().returning(|_| Ok(vec![]));
        uow.roster.expect_teams_only_of().returning(|_| Ok(vec![]));
        uow.users.expect_remove().times(1).returning(|_| Ok(true));
        let written = mocks.stage(uow);
        let answer = call(mocks, request(&json!({"token": TOKEN}))).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json(), json!({"message": "The account has been deleted."}));
        assert!(written.committed());
    }

    #[actix_web::test]
    async fn a_verified_account_or_an_unknown_token_is_a_400() {
        for mocks in [one_time_tokens::none(), one_time_tokens::good_for(Purpose::EmailVerification, user(1))] {
            let answer = call(mocks, request(&json!({"token": TOKEN}))).await;
            assert_eq!(answer.problem(), (400, "invalid_token".to_owned()));
        }
    }

    #[actix_web::test]
    async fn a_token_is_needed() {
        let answer = call(Mocks::default(), request(&json!({}))).await;
        assert_eq!(answer.violations(), [("token".to_owned(), "required".to_owned())]);
    }
}
