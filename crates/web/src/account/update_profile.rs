//! `PATCH /auth/me`

use actix_web::web;
use countersign_application::Application;
use countersign_application::account::update_profile::UpdateProfileCommand;
use countersign_domain::name::PersonName;
use utoipa::ToSchema;

use crate::extract::{Authenticated, Fields, FromFields, JsonBody, RequestOrigin};
use crate::present::UserBody;
use crate::problem::Problem;

/// What is to change; what is absent stays.
#[derive(ToSchema)]
#[schema(as = UpdateProfile)]
pub(crate) struct UpdateProfileBody {
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100)]
    first_name: Option<PersonName>,
    #[schema(value_type = String, required = false, min_length = 1, max_length = 100)]
    last_name: Option<PersonName>,
}

impl FromFields for UpdateProfileBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let first_name = fields.change("first_name", PersonName::parse);
        let last_name = fields.change("last_name", PersonName::parse);
        Some(Self { first_name, last_name })
    }
}

/// Change the names of the account.
#[utoipa::path(patch, path = "/auth/me", tag = "account", request_body = UpdateProfileBody,
    responses((status = 200, description = "The account as it is now.", body = UserBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    Authenticated(actor): Authenticated,
    JsonBody(UpdateProfileBody { first_name, last_name }): JsonBody<UpdateProfileBody>,
) -> Result<web::Json<UserBody>, Problem> {
    let command = UpdateProfileCommand { first_name, last_name };
    let user = application.account.update_profile.execute(&actor, &origin, command).await?;
    Ok(web::Json(user.into()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{Mocks, user, user_id};
    use serde_json::{Value, json};

    use crate::account::password_holder::unchanged;
    use crate::testing::{call, sign_in, signed_in};

    fn request(body: &Value) -> TestRequest {
        signed_in(TestRequest::patch().uri("/auth/me").set_json(body))
    }

    fn mocks() -> Mocks {
        let mut mocks = Mocks::default();
        sign_in(&mut mocks, &user(1));
        let mut uow = unchanged();
        uow.users.expect_update().returning(|_| Ok(()));
        mocks.stage(uow);
        mocks
    }

    #[actix_web::test]
    async fn what_is_given_changes_and_nothing_else() {
        let body =
            json!({"first_name": " Given ", "email": "other@example.com", "is_superuser": true, "is_active": false});
        let answer = call(mocks(), request(&body)).await;
        assert_eq!(answer.status, 200);
        let at = "2026-01-02T03:04:05.678Z";
        let expected = json!({"id": user_id(1).to_string(), "email": "user1@example.com", "first_name": "Given",
            "last_name": "Surname", "is_active": true, "is_superuser": false, "email_verified": true,
            "created_at": at, "updated_at": at});
        assert_eq!(answer.json(), expected);
    }

    #[actix_web::test]
    async fn an_empty_change_is_fine() {
        let answer = call(mocks(), request(&json!({}))).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["first_name"]), (200, &json!("Firstname")));
    }

    #[actix_web::test]
    async fn a_name_cannot_be_cleared() {
        let answer = call(mocks(), request(&json!({"first_name": null, "last_name": "\u{7}"}))).await;
        let fields: Vec<_> = answer.violations().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["first_name", "last_name"]);
    }
}
