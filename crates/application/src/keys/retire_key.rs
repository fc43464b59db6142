//! Refuses every token of a key from now on.

use countersign_domain::audit::Origin;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// What to do.
#[derive(Clone, Debug)]
pub struct RetireKeyCommand {
    /// Which.
    pub kid: String,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum RetireKeyError {
    /// No such key.
    #[error("no such key")]
    KeyNotFound,
    /// This key signs at the moment; rotate first.
    #[error("this key signs at the moment; rotate first")]
    KeyActive,
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { RetireKeyError {
    KeyNotFound => Missing "key_not_found",
    KeyActive => Conflict "key_active",
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct RetireKey {}

impl RetireKey {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Refuses every token of a key from now on.
    pub async fn execute(&self, _origin: &Origin, _command: RetireKeyCommand) -> Result<(), RetireKeyError> {
        Err(Fault::internal("retire_key", "not built yet").into())
    }
}
