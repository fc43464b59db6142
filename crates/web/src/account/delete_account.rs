//! `POST /auth/delete-account`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::account::delete_account::DeleteAccountCommand;
use countersign_domain::password::PresentedPassword;
use utoipa::ToSchema;

use crate::extract::{Authenticated, Fields, FromFields, JsonBody, RequestOrigin};
use crate::problem::Problem;

/// The password, as proof.
#[derive(ToSchema)]
#[schema(as = DeleteAccount)]
pub(crate) struct DeleteAccountBody {
    #[schema(value_type = String, format = Password)]
    pub(crate) current_password: PresentedPassword,
}

impl FromFields for DeleteAccountBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { current_password: fields.required("current_password", PresentedPassword::parse)? })
    }
}

/// Delete the account, and the teams of which it is the only member.
#[utoipa::path(post, path = "/auth/delete-account", tag = "account", request_body = DeleteAccountBody,
    responses((status = 204, description = "The account is gone.")))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    Authenticated(actor): Authenticated,
    JsonBody(DeleteAccountBody { current_password }): JsonBody<DeleteAccountBody>,
) -> Result<HttpResponse, Problem> {
    application.account.delete_account.execute(&actor, &origin, DeleteAccountCommand { current_password }).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{Mocks, PASSWORD, team};
    use serde_json::{Value, json};

    use crate::account::password_holder::{signed_in_with_password, unchanged};
    use crate::testing::{call, signed_in};

    fn request(body: &Value) -> TestRequest {
        signed_in(TestRequest::post().uri("/auth/delete-account").set_json(body))
    }

    fn mocks(others_depend: bool) -> Mocks {
        let mut mocks = signed_in_with_password();
        let mut uow = unchanged();
        uow.roster.expect_lock_teams_of().returning(|_| Ok(vec![]));
        uow.roster
            .expect_teams_depending_on()
            .returning(move |_| Ok(if others_depend { vec![team(1).id] } else { vec![] }));
        uow.roster.expect_teams_only_of().returning(|_| Ok(vec![]));
        uow.invitations.expect_remove_by_email().returning(|_| Ok(vec![]));
        uow.users.expect_remove().returning(|_| Ok(true));
        mocks.stage(uow);
        mocks
    }

    #[actix_web::test]
    async fn the_account_goes_without_a_word() {
        let answer = call(mocks(false), request(&json!({"current_password": PASSWORD}))).await;
        assert_eq!((answer.status.as_u16(), &*answer.text), (204, ""));
    }

    #[actix_web::test]
    async fn the_last_admin_of_others_stays() {
        let answer = call(mocks(true), request(&json!({"current_password": PASSWORD}))).await;
        assert_eq!(answer.problem(), (409, "last_admin".to_owned()));
    }

    #[actix_web::test]
    async fn a_wrong_password_is_a_403_and_none_a_422() {
        let answer = call(mocks(false), request(&json!({"current_password": "another one"}))).await;
        assert_eq!(answer.problem(), (403, "wrong_password".to_owned()));
        let answer = call(mocks(false), request(&json!({"password": PASSWORD}))).await;
        assert_eq!(answer.violations(), [("current_password".to_owned(), "required".to_owned())]);
    }
}
