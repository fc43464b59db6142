//! `POST /auth/logout`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::logout::{LogOutCommand, LogoutScope};
use countersign_application::auth::revoke_refresh_token::RevokeRefreshTokenCommand;
use countersign_domain::secret::Secret;
use utoipa::{IntoParams, ToSchema};

use crate::extract::{Fields, FromFields, MaybeAuthenticated, MaybeJsonBody, QueryFields, RequestOrigin};
use crate::problem::{FieldError, Problem};

/// A refresh token, for whoever has no access token left.
#[derive(ToSchema)]
#[schema(as = LogOut)]
pub(crate) struct LogOutBody {
    #[schema(value_type = Option<String>)]
    refresh_token: Option<Secret>,
}

impl FromFields for LogOutBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { refresh_token: fields.optional_secret("refresh_token") })
    }
}

/// Which sessions.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Scope {
    /// `local` (the default), `others` or `all`; with an access token only.
    #[param(value_type = Option<String>, inline)]
    scope: LogoutScope,
}

impl FromFields for Scope {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let scope =
            fields.optional_text("scope").map_or(Some(LogoutScope::default()), |text| LogoutScope::parse(&text));
        let refused = || FieldError::new("scope", "invalid_scope", "must be local, others or all");
        scope.map(|scope| Self { scope }).or_else(|| fields.refuse(refused()))
    }
}

/// End sessions: those of the access token's account, or that of a refresh token alone. An unknown refresh token is
/// no error (RFC 7009).
#[utoipa::path(post, path = "/auth/logout", tag = "auth", params(Scope), request_body = Option<LogOutBody>,
    security((), ("bearer" = [])),
    responses((status = 204, description = "The sessions are over, on every node.")))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    MaybeAuthenticated(actor): MaybeAuthenticated,
    QueryFields(Scope { scope }): QueryFields<Scope>,
    MaybeJsonBody(body): MaybeJsonBody<LogOutBody>,
) -> Result<HttpResponse, Problem> {
    match (actor, body.and_then(|body| body.refresh_token)) {
        (Some(actor), _) => application.auth.logout.execute(&actor, &origin, LogOutCommand { scope }).await?,
        (None, Some(refresh_token)) => {
            application.auth.revoke_refresh_token.execute(&origin, RevokeRefreshTokenCommand { refresh_token }).await?;
        }
        (None, None) => return Err(Problem::authentication_required()),
    }
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{Mocks, StagedUnitOfWork, session, user};
    use countersign_domain::secret::RefreshToken;
    use serde_json::json;

    use crate::testing::{call, sign_in, signed_in};

    fn request(query: &str) -> TestRequest {
        TestRequest::post().uri(&format!("/auth/logout{query}"))
    }

    #[actix_web::test]
    async fn without_any_token_it_asks_for_one() {
        for request in
            [request(""), request("").set_json(json!({})), request("").set_json(json!({"refresh_token": null}))]
        {
            let answer = call(Mocks::default(), request).await;
            assert_eq!(answer.problem(), (401, "authentication_required".to_owned()));
        }
    }

    #[actix_web::test]
    async fn a_bad_access_token_does_not_fall_back_to_the_refresh_token() {
        let mut mocks = Mocks::default();
        sign_in(&mut mocks, &user(1));
        let request = request("").insert_header(("authorization", "Bearer forged"));
        let answer = call(mocks, request.set_json(json!({"refresh_token": "x"}))).await;
        assert_eq!(answer.problem(), (401, "invalid_token".to_owned()));
    }

    #[actix_web::test]
    async fn a_scope_is_one_of_three_and_given_once() {
        for query in ["?scope=everything", "?scope=all&scope=local", "?scope="] {
            let mut mocks = Mocks::default();
            sign_in(&mut mocks, &user(1));
            let answer = call(mocks, signed_in(request(query))).await;
            assert_eq!(answer.violations()[0].0, "scope", "{query}");
        }
    }

    #[actix_web::test]
    async fn each_scope_ends_its_sessions() {
        for (query, one) in [("", true), ("?scope=local", true), ("?scope=others", false), ("?scope=all", false)] {
            let mut mocks = Mocks::default();
            sign_in(&mut mocks, &user(1));
            let mut uow = StagedUnitOfWork::default();
            if one {
                uow.sessions.expect_end().withf(|_, id, _| *id == session(1).id).returning(|_, _, _| Ok(true));
                uow.one_time_tokens
                    .expect_remove_requested_by()
                    .withf(|_, sessions| sessions == [session(1).id])
                    .times(1)
                    .returning(|_, _| Ok(()));
            } else {
                let kept = (query == "?scope=others").then(|| session(1).id);
                uow.hold_sessions();
                uow.users.expect_update().returning(|_| Ok(()));
                uow.one_time_tokens.expect_remove_by_user().returning(|_, _| Ok(()));
                uow.one_time_tokens.expect_remove_requested_by_others().returning(|_, _| Ok(()));
                uow.sessions
                    .expect_end_by_user()
                    .withf(move |_, keep, _, _| *keep == kept)
                    .returning(|_, _, _, _| Ok(1));
            }
            let written = mocks.stage(uow);
            let answer = call(mocks, signed_in(request(query))).await;
            assert_eq!((answer.status.as_u16(), &*answer.text), (204, ""), "{query}");
            assert!(written.committed(), "{query}");
        }
    }

    #[actix_web::test]
    async fn a_refresh_token_alone_ends_its_session_and_an_unknown_one_is_no_error() {
        let known = RefreshToken::new([1; 16], [1; 32]);
        let unknown = RefreshToken::new([7; 16], [7; 32]);
        for (token, is_known) in [(known.secret().expose(), true), (unknown.secret().expose(), false), ("x", false)] {
            let mut mocks = Mocks::default();
            mocks
                .sessions
                .expect_find_by_family()
                .returning(|family| Ok(Some(session(1)).filter(|session| session.family == *family)));
            let mut uow = StagedUnitOfWork::default();
            uow.sessions.expect_end().returning(|_, _, _| Ok(true));
            uow.one_time_tokens.expect_remove_requested_by().returning(|_, _| Ok(()));
            let written = mocks.stage(uow);
            let answer = call(mocks, request("").set_json(json!({"refresh_token": token}))).await;
            assert_eq!((answer.status.as_u16(), &*answer.text), (204, ""));
            assert_eq!(written.committed(), is_known);
        }
    }
}
