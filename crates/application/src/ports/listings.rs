//! Lists for superusers.

use async_trait::async_trait;
use countersign_domain::audit::AuditEvent;
use countersign_domain::ids::TeamId;
use countersign_domain::page::{Page, PageRequest};
use countersign_domain::team::Team;
use countersign_domain::team::membership::Member;
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::error::Fault;
use crate::ports::audit_log::AuditFilter;

/// Lists that people look at. Those of all accounts, teams and events may be a moment old: an adapter may read them from a
/// replica. What is asked of teams that are named is as it is. Nothing is decided by any of them, and nothing is written
/// because of them; what is, is read by the repositories.
///
/// A page that is searched for may have fewer items than were asked for, or none, and still go on: an adapter looks only so
/// far for one page. The last page is the one that does not go on.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Listings: Send + Sync {
    /// Accounts in whose address or name `search` is found (all when absent), by id. With three letters or digits in a row
    /// anywhere, with fewer where the address, the first or the last name begins (several words follow each other from there
    /// on: `li na`), without any nowhere. Case of ASCII letters does not count.
    async fn users(&self, search: Option<String>, page: &PageRequest) -> Result<Page<User>, Fault>;

    /// Teams in whose name `search` is found in that way (all when absent), by id.
    async fn teams(&self, search: Option<String>, page: &PageRequest) -> Result<Page<Team>, Fault>;

    /// Those of these teams that have an active admin with an active account, in no order.
    async fn administered(&self, teams: &[TeamId]) -> Result<Vec<TeamId>, Fault>;

    /// At most `limit` admins of the team, active memberships before those that await, inactive accounts too.
    async fn admins(&self, team: TeamId, limit: u16) -> Result<Vec<Member>, Fault>;

    /// How many invitations to the team can still be accepted at `now`.
    async fn pending_invitations(&self, team: TeamId, now: OffsetDateTime) -> Result<u64, Fault>;

    /// Audit events, newest first.
    async fn audit_events(&self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditEvent>, Fault>;
}
