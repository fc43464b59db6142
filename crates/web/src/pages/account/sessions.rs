//! `/account/sessions`

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::account::end_session::EndSessionCommand;
use countersign_application::auth::logout::{LogOutCommand, LogoutScope};
use countersign_domain::ids::SessionId;
use minijinja::context;
use serde::Serialize;

use crate::account::list_sessions::SessionBody;
use crate::extract::{Authenticated, RequestOrigin};
use crate::pages::account::program::Program;
use crate::pages::frame::Frame;
use crate::pages::submitted::Submitted;
use crate::problem::Problem;

/// As the API has it, and what its program is called.
#[derive(Serialize)]
struct ShownSession {
    #[serde(flatten)]
    session: SessionBody,
    program: Option<Program>,
}

impl From<SessionBody> for ShownSession {
    fn from(session: SessionBody) -> Self {
        let program = session.user_agent.as_deref().and_then(Program::of);
        Self { session, program }
    }
}

pub(crate) async fn show(
    application: web::Data<Application>,
    frame: Frame,
    Authenticated(actor): Authenticated,
) -> Result<HttpResponse, Problem> {
    let sessions = application.account.list_sessions.execute(&actor).await?;
    let sessions: Vec<_> = sessions.into_iter().map(SessionBody::from).map(ShownSession::from).collect();
    Ok(frame.page("sessions.html", context! { sessions }))
}

/// Ends one, or all others.
pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Authenticated(actor): Authenticated,
    Submitted(form): Submitted,
) -> Result<HttpResponse, Problem> {
    if let Some(session_id) = form.value("session_id").and_then(SessionId::parse) {
        application.account.end_session.execute(&actor, &origin, EndSessionCommand { session_id }).await?;
        return Ok(frame.go_saying("account/sessions", "session_ended"));
    }
    if form.value("scope") != Some("others") {
        return Err(Problem::of_status(StatusCode::BAD_REQUEST));
    }
    application.auth.logout.execute(&actor, &origin, LogOutCommand { scope: LogoutScope::Others }).await?;
    Ok(frame.go_saying("account/sessions", "others_ended"))
}
