//! `POST /auth/verify-email-request`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::request_email_verification::RequestEmailVerificationCommand;
use countersign_domain::email_address::EmailAddress;
use utoipa::ToSchema;

use crate::extract::{Fields, FromFields, JsonBody, RequestOrigin};
use crate::present::MessageBody;
use crate::problem::Problem;

/// The address of the account.
#[derive(ToSchema)]
#[schema(as = RequestEmailVerification)]
pub(crate) struct RequestEmailVerificationBody {
    #[schema(value_type = String, format = Email)]
    email: EmailAddress,
}

impl FromFields for RequestEmailVerificationBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { email: fields.required("email", EmailAddress::parse)? })
    }
}

/// Ask for another mail to verify an address. The answer is the same for every address.
#[utoipa::path(post, path = "/auth/verify-email-request", tag = "auth", request_body = RequestEmailVerificationBody,
    responses((status = 202, description = "Received; whether there is an account is not told.", body = MessageBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    JsonBody(RequestEmailVerificationBody { email }): JsonBody<RequestEmailVerificationBody>,
) -> Result<HttpResponse, Problem> {
    let command = RequestEmailVerificationCommand { email, by: None };
    application.auth.request_email_verification.execute(&origin, command).await?;
    let message = "If an account has this address and it is not verified yet, a mail with a link is on its way.";
    Ok(HttpResponse::Accepted().json(MessageBody::new(message)))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{Mocks, StagedUnitOfWork, user};
    use countersign_domain::user::User;
    use serde_json::json;

    use crate::testing::call;

    fn request(email: &str) -> TestRequest {
        TestRequest::post().uri("/auth/verify-email-request").set_json(json!({"email": email}))
    }

    #[actix_web::test]
    async fn every_address_gets_the_same_answer() {
        let unverified = User { email_verified: false, ..user(1) };
        let inactive = User { is_active: false, ..unverified.clone() };
        let mut answers = vec![];
        for found in [Some(unverified), Some(user(1)), None, Some(inactive)] {
            let mut mocks = Mocks::default();
            let row = found.clone();
            mocks.users.expect_find_by_email().returning(move |_| Ok(found.clone()));
            let mut uow = StagedUnitOfWork::default();
            uow.users.expect_lock().returning(move |id| Ok(row.clone().filter(|user| user.id == id)));
            uow.one_time_tokens.expect_replace().returning(|_| Ok(()));
            mocks.stage(uow);
            let answer = call(mocks, request("user1@example.com")).await;
            assert_eq!(answer.status, 202);
            assert!(!answer.json()["message"].as_str().unwrap().is_empty());
            answers.push(answer.text);
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    }

    #[actix_web::test]
    async fn what_is_no_address_is_a_422() {
        let answer = call(Mocks::default(), request("user1@example.com,user2@example.com")).await;
        assert_eq!(answer.violations(), [("email".to_owned(), "invalid_email".to_owned())]);
    }
}
