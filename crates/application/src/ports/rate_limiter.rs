//! Counting in sliding windows.

use async_trait::async_trait;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// At most `max` hits in any `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitRule {
    /// Name of the limit; part of the key.
    pub name: &'static str,
    /// Most hits.
    pub max: u32,
    /// Length of the window.
    pub window: Duration,
}

/// One hit on a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Names the hit, so that it can be taken back.
    pub id: Uuid,
    /// Against which limit.
    pub rule: LimitRule,
    /// Who or what is counted: a network, an id, or the fingerprint of an address.
    pub subject: String,
    /// When.
    pub at: OffsetDateTime,
}

/// What a limit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitVerdict {
    /// Go on.
    Allowed,
    /// Not now.
    Refused {
        /// When the oldest hit leaves the window.
        retry_after: Duration,
    },
}

/// Counts over all nodes. Never open: an adapter that loses its store counts in the process instead.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Counts the hit if there is room, atomically: of parallel hits at most `max` are allowed in any window.
    /// A refused hit is not counted.
    async fn acquire(&self, hit: &Hit) -> LimitVerdict;

    /// Whether there is room, without counting.
    async fn peek(&self, hit: &Hit) -> LimitVerdict;

    /// Takes a counted hit back.
    async fn refund(&self, hit: &Hit);
}
