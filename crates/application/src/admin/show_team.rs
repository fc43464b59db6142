//! Shows a team, to superusers.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::ids::TeamId;
use countersign_domain::team::Team;
use countersign_domain::team::membership::Member;

use crate::actor::Actor;
use crate::admin::guard::{SuperuserError, SuperuserGuard};
use crate::admin::views::AdminViews;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::clock::Clock;
use crate::ports::listings::Listings;
use crate::ports::team_repository::TeamRepository;

/// Most admins that are named.
const ADMINS: u16 = 50;

/// What to do.
#[derive(Clone, Debug)]
pub struct ShowTeamCommand {
    /// Which.
    pub team_id: TeamId,
}

/// A team as superusers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownTeam {
    /// The team.
    pub team: Team,
    /// Whether it has an active admin with an active account; where it has none, a superuser can appoint one.
    pub has_admin: bool,
    /// At most 50 of its admins, active memberships before those that await, inactive accounts too.
    pub admins: Vec<Member>,
    /// How many invitations can still be accepted.
    pub pending_invitations: u64,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ShowTeamError {
    /// No such team.
    #[error("no such team")]
    TeamNotFound,
    /// It takes a superuser.
    #[error(transparent)]
    Superuser(#[from] SuperuserError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ShowTeamError {
    TeamNotFound => Missing "team_not_found",
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ShowTeam {
    clock: Arc<dyn Clock>,
    guard: SuperuserGuard,
    teams: Arc<dyn TeamRepository>,
    listings: Arc<dyn Listings>,
    views: AdminViews,
}

impl ShowTeam {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            guard: SuperuserGuard::new(dependencies),
            teams: Arc::clone(&dependencies.teams),
            listings: Arc::clone(&dependencies.listings),
            views: AdminViews::new(dependencies),
        }
    }

    /// Shows a team, to superusers: its admins, and what is on its way to new members. Who else is in it is
    /// [`ListTeamMembers`](crate::admin::list_team_members::ListTeamMembers)' to say.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: ShowTeamCommand,
    ) -> Result<ShownTeam, ShowTeamError> {
        self.guard.require(actor, origin).await?;
        let team = self.teams.find_by_id(command.team_id).await?.ok_or(ShowTeamError::TeamNotFound)?;
        let has_admin = self.listings.administered(&[team.id]).await?.contains(&team.id);
        let admins = self.listings.admins(team.id, ADMINS).await?;
        let pending_invitations = self.listings.pending_invitations(team.id, self.clock.now()).await?;
        self.views.record_team(actor, origin, "team", team.id).await?;
        Ok(ShownTeam { team, has_admin, admins, pending_invitations })
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::audit::AuditKind;
    use countersign_domain::team::role::Role;
    use mockall::predicate::eq;

    use super::*;
    use crate::error::{Classify, Kind};
    use crate::teams::listed_member::listed_member;
    use crate::testing::{Mocks, NOW, actor, membership, origin, outage, superuser, team, user};

    fn mocks() -> Mocks {
        let mut mocks = Mocks::default();
        mocks.teams.expect_find_by_id().returning(|id| Ok(Some(team(1)).filter(|team| team.id == id)));
        mocks.listings.expect_administered().withf(|teams| teams == [team(1).id]).returning(|_| Ok(vec![team(1).id]));
        let admin = listed_member(membership(2, Role::Admin), user(2));
        mocks.listings.expect_admins().with(eq(team(1).id), eq(50)).returning(move |_, _| Ok(vec![admin.clone()]));
        mocks.listings.expect_pending_invitations().with(eq(team(1).id), eq(NOW)).returning(|_, _| Ok(3));
        mocks
    }

    async fn show(mocks: Mocks, actor: Actor, n: u64) -> Result<ShownTeam, ShowTeamError> {
        let use_case = ShowTeam::new(&mocks.into_dependencies());
        use_case.execute(&actor, &origin(), ShowTeamCommand { team_id: team(n).id }).await
    }

    #[tokio::test]
    async fn a_superuser_sees_a_team_it_is_not_in_and_that_is_audited() {
        let mocks = mocks();
        let recorded = mocks.recorded.clone();
        let shown = show(mocks, superuser(), 1).await.unwrap();
        let admins = vec![listed_member(membership(2, Role::Admin), user(2))];
        assert_eq!(shown, ShownTeam { team: team(1), has_admin: true, admins, pending_invitations: 3 });
        let event = recorded.events().remove(0);
        assert_eq!((event.kind, event.actor_id), (AuditKind::AdminViewed, Some(superuser().id())));
        assert_eq!((event.team_id, event.detail.as_deref()), (Some(team(1).id), Some("team")));
    }

    #[tokio::test]
    async fn an_unknown_team_is_not_found() {
        assert_eq!(show(mocks(), superuser(), 2).await.unwrap_err().code(), "team_not_found");
    }

    #[tokio::test]
    async fn anybody_else_is_refused() {
        let refused = show(Mocks::default(), actor(), 1).await.unwrap_err();
        assert_eq!(refused.code(), "superuser_required");
    }

    #[tokio::test]
    async fn an_outage_is_no_missing_team() {
        let mut mocks = Mocks::default();
        mocks.teams.expect_find_by_id().returning(|_| Err(outage()));
        assert_eq!(show(mocks, superuser(), 1).await.unwrap_err().kind(), Kind::Unavailable);
    }

    #[tokio::test]
    async fn what_cannot_be_audited_is_not_shown() {
        let mocks = mocks();
        mocks.recorded.refuse_events();
        assert_eq!(show(mocks, superuser(), 1).await.unwrap_err().kind(), Kind::Unavailable);
    }
}
