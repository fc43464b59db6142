//! Ends one session of the actor.

use countersign_domain::audit::Origin;
use countersign_domain::ids::SessionId;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// What to do.
#[derive(Clone, Debug)]
pub struct EndSessionCommand {
    /// Which.
    pub session_id: SessionId,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum EndSessionError {
    /// No such session.
    #[error("no such session")]
    SessionNotFound,
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { EndSessionError {
    SessionNotFound => Missing "session_not_found",
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct EndSession {}

impl EndSession {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Ends one session of the actor.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: EndSessionCommand,
    ) -> Result<(), EndSessionError> {
        Err(Fault::internal("end_session", "not built yet").into())
    }
}
