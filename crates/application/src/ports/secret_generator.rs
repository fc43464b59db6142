//! Randomness for secrets.

/// Draws from the system's generator (ASVS 11.5.1).
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait SecretGenerator: Send + Sync {
    /// 32 random octets.
    fn octets(&self) -> [u8; 32];
}
