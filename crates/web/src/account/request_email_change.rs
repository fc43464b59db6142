//! `POST /auth/change-email`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::account::request_email_change::RequestEmailChangeCommand;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::password::PresentedPassword;
use utoipa::ToSchema;

use crate::extract::{Authenticated, Fields, FromFields, JsonBody, RequestOrigin};
use crate::present::MessageBody;
use crate::problem::Problem;

/// The new address, and the password as proof.
#[derive(ToSchema)]
#[schema(as = RequestEmailChange)]
pub(crate) struct RequestEmailChangeBody {
    #[schema(value_type = String, format = Password)]
    pub(crate) current_password: PresentedPassword,
    #[schema(value_type = String, format = Email)]
    pub(crate) new_email: EmailAddress,
}

impl FromFields for RequestEmailChangeBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let current_password = fields.required("current_password", PresentedPassword::parse);
        let new_email = fields.required("new_email", EmailAddress::parse);
        Some(Self { current_password: current_password?, new_email: new_email? })
    }
}

/// Ask for another address. A token is mailed to it; the answer is the same if it is taken.
#[utoipa::path(post, path = "/auth/change-email", tag = "account", request_body = RequestEmailChangeBody,
    responses((status = 202, description = "Received; whether the address is taken is not told.", body = MessageBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    Authenticated(actor): Authenticated,
    JsonBody(RequestEmailChangeBody { current_password, new_email }): JsonBody<RequestEmailChangeBody>,
) -> Result<HttpResponse, Problem> {
    let command = RequestEmailChangeCommand { current_password, new_email };
    application.account.request_email_change.execute(&actor, &origin, command).await?;
    let message = "If the new address can be used, a mail with a link to confirm it is on its way.";
    Ok(HttpResponse::Accepted().json(MessageBody::new(message)))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{PASSWORD, user};
    use serde_json::{Value, json};

    use crate::account::password_holder::{signed_in_with_password, unchanged};
    use crate::testing::{call, signed_in};

    fn request(body: &Value) -> TestRequest {
        signed_in(TestRequest::post().uri("/auth/change-email").set_json(body))
    }

    #[actix_web::test]
    async fn a_free_and_a_taken_address_get_the_same_answer() {
        let mut answers = vec![];
        for found in [None, Some(user(2))] {
            let mut mocks = signed_in_with_password();
            mocks.users.expect_find_by_email().returning(move |_| Ok(found.clone()));
            let mut uow = unchanged();
            uow.one_time_tokens.expect_replace().returning(|_| Ok(()));
            mocks.stage(uow);
            let body = json!({"current_password": PASSWORD, "new_email": "user2@example.com"});
            let answer = call(mocks, request(&body)).await;
            assert_eq!(answer.status, 202);
            assert!(!answer.json()["message"].as_str().unwrap().is_empty());
            answers.push(answer.text);
        }
        assert_eq!(answers[0], answers[1]);
    }

    #[actix_web::test]
    async fn a_wrong_password_is_a_403() {
        let body = json!({"current_password": "another one", "new_email": "user2@example.com"});
        let answer = call(signed_in_with_password(), request(&body)).await;
        assert_eq!(answer.problem(), (403, "wrong_password".to_owned()));
    }

    #[actix_web::test]
    async fn bad_fields_are_named() {
        let answer = call(signed_in_with_password(), request(&json!({"new_email": "nobody"}))).await;
        let expected = [("current_password", "required"), ("new_email", "invalid_email")];
        assert_eq!(answer.violations(), expected.map(|(field, code)| (field.to_owned(), code.to_owned())));
    }
}
