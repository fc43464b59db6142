//! `DELETE /auth/sessions/{id}`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::account::end_session::EndSessionCommand;

use crate::extract::{Authenticated, RequestOrigin, SessionPath};
use crate::problem::Problem;

/// End one session of the account.
#[utoipa::path(delete, path = "/auth/sessions/{id}", tag = "account", params(("id" = Uuid, Path)),
    responses((status = 204, description = "The session is over, on every node.")))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    Authenticated(actor): Authenticated,
    SessionPath(session_id): SessionPath,
) -> Result<HttpResponse, Problem> {
    application.account.end_session.execute(&actor, &origin, EndSessionCommand { session_id }).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{Mocks, StagedUnitOfWork, session, user};

    use crate::testing::{call, sign_in, signed_in};

    fn request(id: &str) -> TestRequest {
        signed_in(TestRequest::delete().uri(&format!("/auth/sessions/{id}")))
    }

    fn mocks() -> Mocks {
        let mut mocks = Mocks::default();
        sign_in(&mut mocks, &user(1));
        let mut uow = StagedUnitOfWork::default();
        uow.hold_sessions();
        uow.sessions.expect_end().withf(|_, id, _| *id == session(1).id).returning(|_, _, _| Ok(true));
        uow.one_time_tokens.expect_remove_requested_by().returning(|_, _| Ok(()));
        mocks.stage(uow);
        mocks
    }

    #[actix_web::test]
    async fn an_own_session_ends_without_a_word() {
        let answer = call(mocks(), request(&session(1).id.to_string())).await;
        assert_eq!((answer.status.as_u16(), &*answer.text), (204, ""));
    }

    #[actix_web::test]
    async fn any_other_is_not_there() {
        for id in [session(2).id.to_string(), "not-an-id".to_owned(), format!("{{{}}}", session(1).id)] {
            let answer = call(mocks(), request(&id)).await;
            assert_eq!(answer.problem(), (404, "session_not_found".to_owned()), "{id}");
        }
    }
}
