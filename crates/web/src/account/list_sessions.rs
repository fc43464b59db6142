//! `GET /auth/sessions`

use std::net::IpAddr;

use actix_web::web;
use countersign_application::Application;
use countersign_application::account::list_sessions::SessionView;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::extract::Authenticated;
use crate::present::Timestamp;
use crate::problem::Problem;

/// A live session.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionBody {
    id: Uuid,
    created_at: Timestamp,
    /// Of its last sign-in or refresh.
    last_seen_at: Timestamp,
    /// The address it was last refreshed from.
    #[schema(value_type = Option<String>, required)]
    ip: Option<IpAddr>,
    /// The program it was last refreshed with.
    #[schema(required)]
    pub(crate) user_agent: Option<String>,
    /// Whether it is that of this call.
    current: bool,
}

impl From<SessionView> for SessionBody {
    fn from(SessionView { session, current }: SessionView) -> Self {
        Self {
            id: session.id.as_uuid(),
            created_at: session.created_at.into(),
            last_seen_at: session.last_seen_at.into(),
            ip: session.ip,
            user_agent: session.user_agent,
            current,
        }
    }
}

/// List the account's live sessions, newest first.
#[utoipa::path(get, path = "/auth/sessions", tag = "account",
    responses((status = 200, description = "The sessions.", body = Vec<SessionBody>)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    Authenticated(actor): Authenticated,
) -> Result<web::Json<Vec<SessionBody>>, Problem> {
    let sessions = application.account.list_sessions.execute(&actor).await?;
    Ok(web::Json(sessions.into_iter().map(SessionBody::from).collect()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{Mocks, session, user};
    use countersign_domain::session::Session;
    use serde_json::json;

    use crate::testing::{call, sign_in, signed_in};

    #[actix_web::test]
    async fn it_is_a_bare_array_without_any_digest_and_marks_the_own_session() {
        let mut mocks = Mocks::default();
        sign_in(&mut mocks, &user(1));
        let elsewhere = Session {
            id: session(2).id,
            ip: Some([192, 0, 2, 7].into()),
            user_agent: Some("test".to_owned()),
            ..session(1)
        };
        let stored = vec![elsewhere, session(1)];
        mocks.sessions.expect_list_live_by_user().returning(move |_, _| Ok(stored.clone()));
        let answer = call(mocks, signed_in(TestRequest::get().uri("/auth/sessions"))).await;
        assert_eq!(answer.status, 200);
        let at = "2026-01-02T03:04:05.678Z";
        let expected = json!([
            {"id": session(2).id.to_string(), "created_at": at, "last_seen_at": at, "ip": "192.0.2.7",
                "user_agent": "test", "current": false},
            {"id": session(1).id.to_string(), "created_at": at, "last_seen_at": at, "ip": null,
                "user_agent": null, "current": true},
        ]);
        assert_eq!(answer.json(), expected);
    }
}
