//! Ends every session of an account, for superusers.

use countersign_domain::audit::Origin;
use countersign_domain::ids::UserId;

use crate::actor::Actor;
use crate::admin::guard::SuperuserError;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// What to do.
#[derive(Clone, Debug)]
pub struct EndUserSessionsCommand {
    /// Whose.
    pub user_id: UserId,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum EndUserSessionsError {
    /// No such user.
    #[error("no such user")]
    UserNotFound,
    /// It takes a superuser.
    #[error(transparent)]
    Superuser(#[from] SuperuserError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { EndUserSessionsError {
    UserNotFound => Missing "user_not_found",
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct EndUserSessions {}

impl EndUserSessions {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Ends every session of an account, for superusers.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: EndUserSessionsCommand,
    ) -> Result<(), EndUserSessionsError> {
        Err(Fault::internal("end_user_sessions", "not built yet").into())
    }
}
