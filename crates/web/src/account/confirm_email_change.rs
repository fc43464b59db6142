//! `POST /auth/confirm-email-change`

use actix_web::web;
use countersign_application::Application;
use countersign_application::account::confirm_email_change::ConfirmEmailChangeCommand;
use countersign_domain::secret::Secret;
use utoipa::ToSchema;

use crate::extract::{Fields, FromFields, JsonBody, RequestOrigin};
use crate::present::MessageBody;
use crate::problem::Problem;

/// The token that was mailed to the new address.
#[derive(ToSchema)]
#[schema(as = ConfirmEmailChange)]
pub(crate) struct ConfirmEmailChangeBody {
    #[schema(value_type = String)]
    token: Secret,
}

impl FromFields for ConfirmEmailChangeBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { token: fields.secret("token")? })
    }
}

/// Take the new address. Every session ends but that which asked for the change, and the old address is told.
#[utoipa::path(post, path = "/auth/confirm-email-change", tag = "account", request_body = ConfirmEmailChangeBody,
    responses((status = 200, description = "The account has the new address, verified.", body = MessageBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    JsonBody(ConfirmEmailChangeBody { token }): JsonBody<ConfirmEmailChangeBody>,
) -> Result<web::Json<MessageBody>, Problem> {
    application.account.confirm_email_change.execute(&origin, ConfirmEmailChangeCommand { token }).await?;
    Ok(web::Json(MessageBody::new("The address has been changed and verified.")))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::error::{Conflict, WriteError};
    use countersign_application::testing::{Mocks, StagedUnitOfWork, email, session, user};
    use countersign_domain::one_time_token::Purpose;
    use serde_json::{Value, json};

    use crate::auth::one_time_tokens::{self, TOKEN};
    use crate::testing::call;

    fn request(body: &Value) -> TestRequest {
        TestRequest::post().uri("/auth/confirm-email-change").set_json(body)
    }

    fn mocks(is_taken: bool) -> Mocks {
        let mut mocks = one_time_tokens::good_for(Purpose::EmailChange, user(1));
        let mut uow = StagedUnitOfWork::default();
        one_time_tokens::consumed_in(&mut uow, Purpose::EmailChange, user(1));
        uow.users
            .expect_update()
            .withf(|user| user.email == email("new@example.com"))
            .returning(move |_| if is_taken { Err(WriteError::Conflict(Conflict::EmailTaken)) } else { Ok(()) });
        uow.sessions.expect_find_by_id().returning(|_| Ok(Some(session(1))));
        uow.sessions.expect_end_by_user().returning(|_, _, _, _| Ok(1));
        uow.one_time_tokens.expect_remove_by_user().returning(|_, _| Ok(()));
        uow.invitations.expect_list_by_email().returning(|_| Ok(vec![]));
        mocks.stage(uow);
        mocks
    }

    #[actix_web::test]
    async fn the_address_is_swapped() {
        let answer = call(mocks(false), request(&json!({"token": TOKEN}))).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json(), json!({"message": "The address has been changed and verified."}));
    }

    #[actix_web::test]
    async fn an_address_that_was_taken_meanwhile_is_a_409() {
        let answer = call(mocks(true), request(&json!({"token": TOKEN}))).await;
        assert_eq!(answer.problem(), (409, "email_taken".to_owned()));
    }

    #[actix_web::test]
    async fn an_unknown_token_is_a_400_and_none_a_422() {
        let answer = call(one_time_tokens::none(), request(&json!({"token": TOKEN}))).await;
        assert_eq!(answer.problem(), (400, "invalid_token".to_owned()));
        let answer = call(Mocks::default(), request(&json!({}))).await;
        assert_eq!(answer.violations(), [("token".to_owned(), "required".to_owned())]);
    }

    #[actix_web::test]
    async fn on_a_page_only_the_way_to_another_mail_is_left_then() {
        let form = TestRequest::post().uri("/confirm-email-change").insert_header(("origin", "https://id.example"));
        let page = call(mocks(true), form.set_form([("token", TOKEN)])).await;
        assert_eq!(page.status, 409);
        assert!(page.text.contains("role=\"alert\"") && !page.text.contains("<form"), "{}", page.text);
        assert!(page.text.contains("<a class=\"button\" href=\"account&#x2f;email\">"), "{}", page.text);
    }
}
