//! Memberships.

use async_trait::async_trait;
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::page::{Page, PageRequest};
use countersign_domain::team::membership::{Member, Membership, TeamMembership};

use crate::error::{Fault, WriteError};

/// Keeps who is in which team; at most one membership for each pair.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait MembershipRepository: Send + Sync {
    /// The account's membership in the team, awaiting or active.
    async fn find(&self, user: UserId, team: TeamId) -> Result<Option<Membership>, Fault>;

    /// The account's memberships with their teams, oldest membership first, of the same moment by team id. Not by the age
    /// of the team: whoever has old teams must not come before those that an account joined earlier. A cursor without
    /// a time is of another list: it starts from the beginning.
    async fn list_by_user(&self, user: UserId, page: &PageRequest) -> Result<Page<TeamMembership>, Fault>;

    /// The first `limit` active memberships of the account, in the same order: for an access token.
    async fn list_active_by_user(&self, user: UserId, limit: u16) -> Result<Vec<Membership>, Fault>;

    /// The team's members with their names, by user id.
    async fn list_by_team(&self, team: TeamId, page: &PageRequest) -> Result<Page<Member>, Fault>;

    /// Adds a membership. Conflict: `MembershipExists`.
    async fn insert(&self, membership: &Membership) -> Result<(), WriteError>;

    /// Stores role and status. Says whether the membership was there.
    async fn update(&self, membership: &Membership) -> Result<bool, Fault>;

    /// Removes a membership. Says whether it was there.
    async fn remove(&self, user: UserId, team: TeamId) -> Result<bool, Fault>;

    /// Makes every awaiting membership of the account active: its address is proven. Returns the teams.
    async fn activate_awaiting(&self, user: UserId) -> Result<Vec<TeamId>, Fault>;

    /// Removes every awaiting membership of the account: the address they came by is given up. Returns the teams.
    async fn remove_awaiting(&self, user: UserId) -> Result<Vec<TeamId>, Fault>;
}
