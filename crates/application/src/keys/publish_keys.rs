//! The public keys that verifiers may meet: announced, active and honoured, as JWKs (RFC 7517).

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum PublishKeysError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { PublishKeysError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct PublishKeys {}

impl PublishKeys {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// The public keys that verifiers may meet: announced, active and honoured, as JWKs (RFC 7517).
    pub async fn execute(&self) -> Result<Vec<String>, PublishKeysError> {
        Err(Fault::internal("publish_keys", "not built yet").into())
    }
}
