//! Deleting what is no longer needed.

use async_trait::async_trait;
use time::{Duration, OffsetDateTime};

use crate::error::Fault;
use crate::policy::Retention;

/// What to purge.
#[derive(Clone, Copy, Debug)]
pub struct Purge {
    /// The time that lifetimes are judged by.
    pub now: OffsetDateTime,
    /// Lifetime of an access token: an ended session is kept that long, so that its tokens stay refused.
    pub access_ttl: Duration,
    /// A sealed successor is erased this long after the rotation.
    pub reuse_window: Duration,
    /// How long the rest is kept.
    pub retention: Retention,
}

/// How many rows were purged, by table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PurgeReport {
    /// Table, or folder, and number of rows or files; what had none is left out.
    pub removed: Vec<(&'static str, u64)>,
}

/// Purges by bulk statements, each bounded in size. Accounts are not its business: they are deleted one by one.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Housekeeping: Send + Sync {
    /// Removes sessions that are over, dead one-time tokens, settled or expired invitations, sent and dead mails,
    /// decoys, old audit events and sign-in networks; erases sealed successors whose window has closed.
    async fn purge(&self, purge: &Purge) -> Result<PurgeReport, Fault>;
}
