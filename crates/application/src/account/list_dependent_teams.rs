//! Lists the teams that keep the actor from deleting its account.

use std::sync::Arc;

use countersign_domain::team::Team;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::ports::roster_repository::RosterRepository;
use crate::ports::team_repository::TeamRepository;

/// The use case.
#[derive(Clone)]
pub struct ListDependentTeams {
    roster: Arc<dyn RosterRepository>,
    teams: Arc<dyn TeamRepository>,
}

impl ListDependentTeams {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self { roster: Arc::clone(&dependencies.roster), teams: Arc::clone(&dependencies.teams) }
    }

    /// Lists the teams with other members that have no admin but the actor, by name: so that it is told before deletion is
    /// tried. Nothing is decided by it; deletion asks again under the teams' locks.
    pub async fn execute(&self, actor: &Actor) -> Result<Vec<Team>, Fault> {
        let ids = self.roster.teams_depending_on(actor.id()).await?;
        if ids.is_empty() {
            return Ok(vec![]);
        }
        let mut teams = self.teams.find_many(&ids).await?;
        teams.sort_by(|one, other| (one.name.as_str(), one.id).cmp(&(other.name.as_str(), other.id)));
        Ok(teams)
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::name::TeamName;

    use super::*;
    use crate::error::{Classify, Kind};
    use crate::testing::{Mocks, actor, outage, team};

    async fn list(mocks: Mocks) -> Result<Vec<Team>, Fault> {
        ListDependentTeams::new(&mocks.into_dependencies()).execute(&actor()).await
    }

    #[tokio::test]
    async fn the_teams_are_listed_by_name() {
        let looms = Team { name: TeamName::parse("Looms").unwrap(), ..team(1) };
        let teams = [looms.clone(), team(2)];
        let mut mocks = Mocks::default();
        mocks
            .roster
            .expect_teams_depending_on()
            .returning(|user| Ok(if user == actor().id() { vec![team(1).id, team(2).id] } else { vec![] }));
        mocks
            .teams
            .expect_find_many()
            .returning(move |ids| Ok(teams.iter().filter(|team| ids.contains(&team.id)).cloned().collect()));
        assert_eq!(list(mocks).await.unwrap(), [team(2), looms]);
    }

    #[tokio::test]
    async fn whom_no_team_depends_on_gets_none_and_an_outage_is_not_none() {
        let mut mocks = Mocks::default();
        mocks.roster.expect_teams_depending_on().returning(|_| Ok(vec![]));
        assert_eq!(list(mocks).await.unwrap(), []);
        let mut mocks = Mocks::default();
        mocks.roster.expect_teams_depending_on().returning(|_| Err(outage()));
        assert_eq!(list(mocks).await.unwrap_err().kind(), Kind::Unavailable);
    }
}
