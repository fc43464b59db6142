//! The audit trail.

use async_trait::async_trait;
use countersign_domain::audit::{AuditEvent, AuditKind};
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::page::{Page, PageRequest};
use time::OffsetDateTime;

use crate::error::Fault;

/// Which events to list; what is absent does not narrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this kind.
    pub kind: Option<AuditKind>,
    /// By or about this account.
    pub user_id: Option<UserId>,
    /// In this team.
    pub team_id: Option<TeamId>,
    /// At or after.
    pub since: Option<OffsetDateTime>,
    /// Before.
    pub until: Option<OffsetDateTime>,
}

/// Appends and reads audit events.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Adds an event; events are never changed but by [`Erasures`](crate::ports::erasures::Erasures).
    async fn append(&self, event: &AuditEvent) -> Result<(), Fault>;

    /// Newest first, everything up to now: for the export of an account. Superusers see
    /// [`Listings::audit_events`](crate::ports::listings::Listings::audit_events).
    async fn list(&self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditEvent>, Fault>;
}
