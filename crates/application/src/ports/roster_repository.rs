//! Who a team can lose: the questions behind "a team with members always has an admin".

use async_trait::async_trait;
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::team::membership::Membership;

use crate::error::Fault;

/// Questions about a team's members. Ask inside a unit of work that holds the teams' locks; outside, only what is shown may
/// follow from an answer.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait RosterRepository: Send + Sync {
    /// Locks every team that the account is in, by id, until the unit of work ends. Returns them.
    async fn lock_teams_of(&self, user: UserId) -> Result<Vec<TeamId>, Fault>;

    /// Whether the team has an active membership as admin of an active account other than this one.
    async fn has_admin_besides(&self, team: TeamId, user: UserId) -> Result<bool, Fault>;

    /// Whether the team has a membership of any kind of an account other than this one.
    async fn has_member_besides(&self, team: TeamId, user: UserId) -> Result<bool, Fault>;

    /// The active member of an active account, other than this one, who joined first.
    async fn longest_standing_besides(&self, team: TeamId, user: UserId) -> Result<Option<Membership>, Fault>;

    /// Teams that have no member but this account.
    async fn teams_only_of(&self, user: UserId) -> Result<Vec<TeamId>, Fault>;

    /// Teams that have other members, and whose only active admin (of active accounts) is this account.
    async fn teams_depending_on(&self, user: UserId) -> Result<Vec<TeamId>, Fault>;
}
