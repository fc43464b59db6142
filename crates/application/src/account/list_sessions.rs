//! Lists the live sessions of the actor, newest first.

use countersign_domain::session::Session;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// The session.
    pub session: Session,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListSessionsError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListSessionsError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListSessions {}

impl ListSessions {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Lists the live sessions of the actor, newest first.
    pub async fn execute(&self, _actor: &Actor) -> Result<Vec<SessionView>, ListSessionsError> {
        Err(Fault::internal("list_sessions", "not built yet").into())
    }
}
