//! Password hashing.

use async_trait::async_trait;
use countersign_domain::password::{PasswordHash, PresentedPassword};

use crate::error::Fault;

/// What comparing a presented password with a hash gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordVerdict {
    /// It is another one, or there was no hash.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one, but cost or form of the hash are not today's: hash it anew.
    RightButOutdated,
}

/// Hashes and compares on a bounded pool of its own. A full queue is a fault of the kind `Unavailable`, at once.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes the normalized password whole, whatever its length.
    async fn hash(&self, normalized: &str) -> Result<PasswordHash, Fault>;

    /// Compares. Without a hash it does the same work for nothing, so that an unknown address costs the same.
    async fn verify(&self, presented: &PresentedPassword, hash: Option<PasswordHash>)
    -> Result<PasswordVerdict, Fault>;
}
