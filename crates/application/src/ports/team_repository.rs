//! Teams.

use async_trait::async_trait;
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::team::Team;
use countersign_domain::team::membership::Membership;

use crate::error::Fault;

/// Keeps teams.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait TeamRepository: Send + Sync {
    /// The team.
    async fn find_by_id(&self, id: TeamId) -> Result<Option<Team>, Fault>;

    /// Those of the teams that exist, in any order, by one statement.
    async fn find_many(&self, ids: &[TeamId]) -> Result<Vec<Team>, Fault>;

    /// The team, locked until the unit of work ends: whoever changes its members takes this lock first.
    async fn lock(&self, id: TeamId) -> Result<Option<Team>, Fault>;

    /// The same with the account's membership, awaiting or active, which is locked too. `None` also if the account is not
    /// in the team.
    async fn lock_with_membership(&self, id: TeamId, user: UserId) -> Result<Option<(Team, Membership)>, Fault>;

    /// Adds a team.
    async fn insert(&self, team: &Team) -> Result<(), Fault>;

    /// Stores name and description. Says whether the team was there.
    async fn update(&self, team: &Team) -> Result<bool, Fault>;

    /// Removes a team with its memberships and invitations. Says whether it was there.
    async fn remove(&self, id: TeamId) -> Result<bool, Fault>;

    /// How many existing teams the account created.
    async fn count_created_by(&self, user: UserId) -> Result<u64, Fault>;
}
