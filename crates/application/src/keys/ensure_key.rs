//! Makes the first signing key where there is none that signs, and announces one where the algorithm was changed.

use countersign_domain::audit::Origin;
use countersign_domain::signing_key::SigningAlgorithm;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// What to do.
#[derive(Clone, Debug)]
pub struct EnsureKeyCommand {
    /// What the service is set to sign with.
    pub algorithm: SigningAlgorithm,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum EnsureKeyError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { EnsureKeyError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct EnsureKey {}

impl EnsureKey {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Makes the first signing key where there is none that signs, and announces one where the algorithm was changed.
    pub async fn execute(&self, _origin: &Origin, _command: EnsureKeyCommand) -> Result<(), EnsureKeyError> {
        Err(Fault::internal("ensure_key", "not built yet").into())
    }
}
