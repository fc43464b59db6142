//! Lists for superusers.

use async_trait::async_trait;
use countersign_domain::audit::AuditEvent;
use countersign_domain::ids::TeamId;
use countersign_domain::page::{Page, PageRequest};
use countersign_domain::team::Team;
use countersign_domain::user::User;

use crate::error::Fault;
use crate::ports::audit_log::AuditFilter;

/// Lists that people look at, and may be a moment old: an adapter may read them from a replica. Nothing is decided by
/// them, and nothing is written because of them; what is, is read by the repositories.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Listings: Send + Sync {
    /// Accounts whose address or name contains `search` (all when absent), by id.
    async fn users(&self, search: Option<String>, page: &PageRequest) -> Result<Page<User>, Fault>;

    /// Teams whose name contains `search` (all when absent), by id.
    async fn teams(&self, search: Option<String>, page: &PageRequest) -> Result<Page<Team>, Fault>;

    /// Those of these teams that have an active admin with an active account, in no order.
    async fn administered(&self, teams: &[TeamId]) -> Result<Vec<TeamId>, Fault>;

    /// Audit events, newest first.
    async fn audit_events(&self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditEvent>, Fault>;
}
