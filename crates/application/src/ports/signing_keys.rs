//! Keys that sign access tokens.

use async_trait::async_trait;
use countersign_domain::signing_key::{SigningAlgorithm, SigningKey};
use time::OffsetDateTime;

use crate::error::Fault;

/// Keeps signing keys; their private halves are sealed.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SigningKeyRepository: Send + Sync {
    /// Every key, oldest first. Through a unit of work nobody else adds or changes one until that ends, not even where
    /// there is none yet.
    async fn list(&self) -> Result<Vec<SigningKey>, Fault>;

    /// Adds a key.
    async fn insert(&self, key: &SigningKey) -> Result<(), Fault>;

    /// Stores how a key is sealed, and when it starts, stops and is refused.
    async fn update(&self, key: &SigningKey) -> Result<(), Fault>;

    /// Forgets a key that is refused.
    async fn remove(&self, kid: &str) -> Result<bool, Fault>;
}

/// Makes signing keys.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait SigningKeyFactory: Send + Sync {
    /// A new key pair, sealed with the secret key; it would sign at once.
    fn generate(&self, algorithm: SigningAlgorithm, now: OffsetDateTime) -> Result<SigningKey, Fault>;

    /// The private half of a key that the previous secret key has sealed, sealed with the current one; `None` if that
    /// one has sealed it already. A fault if neither opens it.
    fn reseal(&self, key: &SigningKey) -> Result<Option<Vec<u8>>, Fault>;
}
