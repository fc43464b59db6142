//! New ids.

use uuid::Uuid;

/// Makes ids.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait IdGenerator: Send + Sync {
    /// A new UUID of version 7 (RFC 9562). Not a secret (ASVS 11.5.1).
    fn next_id(&self) -> Uuid;
}
