//! Erasing what the audit trail tells about deleted accounts.

use async_trait::async_trait;
use countersign_domain::ids::UserId;
use time::{Duration, OffsetDateTime};

use crate::error::Fault;

/// How long an erasure keeps watch once the traces are gone: longer than any request lasts. One that was under way when
/// the account was deleted, such as a sign-in that waits for its hash, may write an event about it later.
pub const WATCH: Duration = Duration::minutes(15);

/// Erases network and program from every event by or about an account; the random id stays. An account may have millions
/// of events, so the deletion only notes it, and what is noted is erased batch by batch; once more after [`WATCH`], and only
/// then is the note gone.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Erasures: Send + Sync {
    /// Notes that the traces of an account are to go; counts with the unit of work. Noting it twice is no error.
    async fn note(&self, user: UserId, now: OffsetDateTime) -> Result<(), Fault>;

    /// Up to `limit` accounts whose traces are still to go, the longest due first: for the first time, or again
    /// after [`WATCH`].
    async fn list_noted(&self, now: OffsetDateTime, limit: u16) -> Result<Vec<UserId>, Fault>;

    /// Erases up to `batches` batches of what is noted, each in statements of its own that are soon over, and goes on
    /// where it was left the last time. What somebody else did once it was noted keeps its traces: they are that
    /// person's. `true` once nothing is left to do for now, also if nothing was noted.
    async fn erase(&self, user: UserId, batches: u32, now: OffsetDateTime) -> Result<bool, Fault>;
}
