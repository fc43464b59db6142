//! Ends sessions of the actor.

use countersign_domain::audit::Origin;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// What to do.
#[derive(Clone, Debug)]
pub struct LogOutCommand {
    /// Which.
    pub scope: LogoutScope,
}

/// Which sessions to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogoutScope {
    /// The one of the access token.
    #[default]
    Local,
    /// All others.
    Others,
    /// All.
    All,
}

impl LogoutScope {
    /// Reads `local`, `others` or `all`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "local" => Some(Self::Local),
            "others" => Some(Self::Others),
            "all" => Some(Self::All),
            _ => None,
        }
    }
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum LogOutError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { LogOutError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct LogOut {}

impl LogOut {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Ends sessions of the actor.
    pub async fn execute(&self, _actor: &Actor, _origin: &Origin, _command: LogOutCommand) -> Result<(), LogOutError> {
        Err(Fault::internal("logout", "not built yet").into())
    }
}
