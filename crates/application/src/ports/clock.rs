//! The time.

use time::OffsetDateTime;

/// What time it is. Called by the use case once, and passed on.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Clock: Send + Sync {
    /// Now, in UTC, cut to whole milliseconds: what every store keeps without loss.
    fn now(&self) -> OffsetDateTime;
}
