//! Shows a team to its members.

use countersign_domain::audit::Origin;
use countersign_domain::ids::TeamId;
use countersign_domain::team::Team;
use countersign_domain::team::permissions::Permission;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::teams::access::{TeamAccess, TeamAccessError};

/// What to do.
#[derive(Clone, Debug)]
pub struct ShowTeamCommand {
    /// Which.
    pub team_id: TeamId,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ShowTeamError {
    /// The team is not there for the actor, or it takes an admin.
    #[error(transparent)]
    Access(#[from] TeamAccessError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ShowTeamError {
} via { Access, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ShowTeam {
    access: TeamAccess,
}

impl ShowTeam {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self { access: TeamAccess::new(dependencies) }
    }

    /// Shows a team to its members.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: ShowTeamCommand,
    ) -> Result<Team, ShowTeamError> {
        let (team, _) = self.access.require(actor, origin, command.team_id, Permission::ViewTeam).await?;
        Ok(team)
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::team::membership::{Membership, MembershipStatus};
    use countersign_domain::team::role::Role;

    use super::*;
    use crate::error::{Classify, Kind};
    use crate::testing::{Mocks, actor, membership, origin, outage, team};

    async fn show(members: &[Membership]) -> Result<Team, ShowTeamError> {
        let mut mocks = Mocks::default();
        mocks.hold_team(members);
        let use_case = ShowTeam::new(&mocks.into_dependencies());
        use_case.execute(&actor(), &origin(), ShowTeamCommand { team_id: team(1).id }).await
    }

    #[tokio::test]
    async fn a_member_sees_the_team() {
        assert_eq!(show(&[membership(1, Role::Member)]).await.unwrap(), team(1));
    }

    #[tokio::test]
    async fn a_stranger_and_an_awaiting_member_do_not() {
        let mut awaiting = membership(1, Role::Admin);
        awaiting.status = MembershipStatus::AwaitingVerification;
        for members in [vec![], vec![awaiting]] {
            assert_eq!(show(&members).await.unwrap_err().code(), "team_not_found");
        }
    }

    #[tokio::test]
    async fn an_outage_is_no_missing_team() {
        let mut no_membership = Mocks::default();
        no_membership.memberships.expect_find().returning(|_, _| Err(outage()));
        let mut no_team = Mocks::default();
        no_team.memberships.expect_find().returning(|_, _| Ok(Some(membership(1, Role::Member))));
        no_team.teams.expect_find_by_id().returning(|_| Err(outage()));
        for mocks in [no_membership, no_team] {
            let use_case = ShowTeam::new(&mocks.into_dependencies());
            let command = ShowTeamCommand { team_id: team(1).id };
            let error = use_case.execute(&actor(), &origin(), command).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Unavailable);
        }
    }
}
