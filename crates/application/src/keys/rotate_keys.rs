//! Makes a new signing key: announced first, or after a compromise in force at once with every older one refused.

use countersign_domain::audit::Origin;
use countersign_domain::signing_key::SigningAlgorithm;
use countersign_domain::signing_key::SigningKey;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// What to do.
#[derive(Clone, Debug)]
pub struct RotateKeysCommand {
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// Whether older keys are compromised.
    pub immediate: bool,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum RotateKeysError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { RotateKeysError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct RotateKeys {}

impl RotateKeys {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Makes a new signing key: announced first, or after a compromise in force at once with every older one refused.
    pub async fn execute(&self, _origin: &Origin, _command: RotateKeysCommand) -> Result<SigningKey, RotateKeysError> {
        Err(Fault::internal("rotate_keys", "not built yet").into())
    }
}
