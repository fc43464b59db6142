//! Lists the signing keys and what each is at the moment.

use countersign_domain::signing_key::KeyState;
use countersign_domain::signing_key::SigningKey;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// A key and what it is at the moment.
#[derive(Clone, Debug)]
pub struct KeyListing {
    /// The key.
    pub key: SigningKey,
    /// What it is.
    pub state: KeyState,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListKeysError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListKeysError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListKeys {}

impl ListKeys {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Lists the signing keys and what each is at the moment.
    pub async fn execute(&self) -> Result<Vec<KeyListing>, ListKeysError> {
        Err(Fault::internal("list_keys", "not built yet").into())
    }
}
