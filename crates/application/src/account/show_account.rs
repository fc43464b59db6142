//! Shows the actor its account and the first of its teams.

use countersign_domain::team::membership::TeamMembership;
use countersign_domain::user::User;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::snapshots::Snapshots;

/// An account as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    /// The account.
    pub user: User,
    /// The first 50 of its teams.
    pub teams: Vec<TeamMembership>,
    /// Whether there are more.
    pub teams_truncated: bool,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ShowAccountError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ShowAccountError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct ShowAccount {
    snapshots: Snapshots,
}

impl ShowAccount {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self { snapshots: Snapshots::new(dependencies) }
    }

    /// Shows the actor its account and the first of its teams. No statement at all while the cache is warm.
    pub async fn execute(&self, actor: &Actor) -> Result<AccountView, ShowAccountError> {
        let teams = self.snapshots.team_list(actor.id()).await?;
        Ok(AccountView { user: actor.user.clone(), teams: teams.items, teams_truncated: teams.next.is_some() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Classify, Kind};
    use crate::ports::snapshot_cache::{Lookup, MockSnapshotCache};
    use crate::testing::{Mocks, actor, membership, team, user, user_id};
    use countersign_domain::page::{Cursor, Page};
    use countersign_domain::team::role::Role;

    fn place() -> TeamMembership {
        TeamMembership { team: team(1), membership: membership(1, Role::Admin) }
    }

    #[tokio::test]
    async fn account_and_teams_come_from_the_database_when_the_cache_has_none() {
        for next in [None, Some(Cursor::after(team(1).id.as_uuid()))] {
            let mut mocks = Mocks::default();
            mocks
                .memberships
                .expect_list_by_user()
                .withf(|id, page| *id == user_id(1) && page.limit() == 50)
                .returning(move |_, _| Ok(Page { items: vec![place()], next }));
            mocks.teams.expect_find_many().returning(|_| Ok(vec![team(1)]));
            let view = ShowAccount::new(&mocks.into_dependencies()).execute(&actor()).await.unwrap();
            assert_eq!(view, AccountView { user: user(1), teams: vec![place()], teams_truncated: next.is_some() });
        }
    }

    #[tokio::test]
    async fn a_warm_cache_needs_no_statement() {
        let mut mocks = Mocks::default();
        let mut lists = MockSnapshotCache::new();
        lists.expect_read().returning(|_| Lookup::Hit(Page { items: vec![membership(1, Role::Admin)], next: None }));
        mocks.team_list_cache = lists;
        let mut teams = MockSnapshotCache::new();
        teams.expect_read().returning(|_| Lookup::Hit(team(1)));
        mocks.team_cache = teams;
        let view = ShowAccount::new(&mocks.into_dependencies()).execute(&actor()).await.unwrap();
        assert_eq!(view.teams, [place()]);
    }

    #[tokio::test]
    async fn an_outage_is_told() {
        let mut mocks = Mocks::default();
        mocks.memberships.expect_list_by_user().returning(|_, _| Err(Fault::unavailable("database", "gone")));
        let error = ShowAccount::new(&mocks.into_dependencies()).execute(&actor()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }
}
