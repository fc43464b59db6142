//! `/account/sessions`

use std::net::IpAddr;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::account::end_session::EndSessionCommand;
use countersign_application::account::list_sessions::SessionView;
use countersign_application::auth::logout::{LogOutCommand, LogoutScope};
use countersign_domain::ids::SessionId;
use countersign_domain::session::Session;
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
    sign_in: Option<SignIn>,
}

/// From where and with which program a session was begun, as far as that is known.
#[derive(Serialize)]
struct SignIn {
    ip: Option<IpAddr>,
    user_agent: Option<String>,
    program: Option<Program>,
    /// Whether the last use was from there, and with a program of the same name.
    stayed: bool,
}

impl SignIn {
    fn of(session: &Session) -> Option<Self> {
        let (ip, user_agent) = (session.sign_in_ip, session.sign_in_user_agent.clone());
        if ip.is_none() && user_agent.is_none() {
            return None;
        }
        let program = user_agent.as_deref().and_then(Program::of);
        // What programs tell of themselves changes with every update of theirs.
        let by_name = program.is_some() && program == session.user_agent.as_deref().and_then(Program::of);
        let stayed = ip == session.ip && (by_name || user_agent == session.user_agent);
        Some(Self { ip, user_agent, program, stayed })
    }
}

impl From<SessionView> for ShownSession {
    fn from(view: SessionView) -> Self {
        let sign_in = SignIn::of(&view.session);
        let session = SessionBody::from(view);
        let program = session.user_agent.as_deref().and_then(Program::of);
        Self { session, program, sign_in }
    }
}

pub(crate) async fn show(
    application: web::Data<Application>,
    frame: Frame,
    Authenticated(actor): Authenticated,
) -> Result<HttpResponse, Problem> {
    let sessions = application.account.list_sessions.execute(&actor).await?;
    let sessions: Vec<_> = sessions.into_iter().map(ShownSession::from).collect();
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
