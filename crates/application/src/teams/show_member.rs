//! Shows one member of a team to the others.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::team::membership::Member;
use countersign_domain::team::permissions::Permission;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::membership_repository::MembershipRepository;
use crate::ports::user_repository::UserRepository;
use crate::teams::access::{TeamAccess, TeamAccessError};
use crate::teams::listed_member::listed_member;

/// What to do.
#[derive(Clone, Debug)]
pub struct ShowMemberCommand {
    /// Of which team.
    pub team_id: TeamId,
    /// Whom.
    pub user_id: UserId,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ShowMemberError {
    /// No such member in this team.
    #[error("no such member in this team")]
    MemberNotFound,
    /// The team is not there for the actor.
    #[error(transparent)]
    Access(#[from] TeamAccessError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ShowMemberError {
    MemberNotFound => Missing "member_not_found",
} via { Access, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ShowMember {
    access: TeamAccess,
    memberships: Arc<dyn MembershipRepository>,
    users: Arc<dyn UserRepository>,
}

impl ShowMember {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            access: TeamAccess::new(dependencies),
            memberships: Arc::clone(&dependencies.memberships),
            users: Arc::clone(&dependencies.users),
        }
    }

    /// Shows one member of a team to the others, active or awaiting, as lists show it.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: ShowMemberCommand,
    ) -> Result<Member, ShowMemberError> {
        let ShowMemberCommand { team_id, user_id } = command;
        self.access.require(actor, origin, team_id, Permission::ViewMembers).await?;
        let membership = self.memberships.find(user_id, team_id).await?.ok_or(ShowMemberError::MemberNotFound)?;
        let user = self.users.find_by_id(user_id).await?.ok_or(ShowMemberError::MemberNotFound)?;
        Ok(listed_member(membership, user))
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::team::membership::{Membership, MembershipStatus};
    use countersign_domain::team::role::Role;

    use super::*;
    use crate::error::{Classify, Kind};
    use crate::testing::{Mocks, actor, membership, origin, outage, team, user, user_id};

    fn command() -> ShowMemberCommand {
        ShowMemberCommand { team_id: team(1).id, user_id: user_id(2) }
    }

    async fn show(members: &[Membership]) -> Result<Member, ShowMemberError> {
        let mut mocks = Mocks::default();
        mocks.hold_team(members);
        mocks.users.expect_find_by_id().returning(|id| Ok(Some(user(2)).filter(|user| user.id == id)));
        ShowMember::new(&mocks.into_dependencies()).execute(&actor(), &origin(), command()).await
    }

    #[tokio::test]
    async fn a_member_sees_the_other() {
        let shown = show(&[membership(1, Role::Member), membership(2, Role::Admin)]).await.unwrap();
        assert_eq!((shown.membership, shown.email), (membership(2, Role::Admin), user(2).email));
    }

    #[tokio::test]
    async fn whoever_is_not_in_the_team_is_not_shown_though_there_is_an_account() {
        assert_eq!(show(&[membership(1, Role::Admin)]).await.unwrap_err().code(), "member_not_found");
    }

    #[tokio::test]
    async fn a_stranger_and_an_awaiting_member_see_nobody() {
        let mut awaiting = membership(1, Role::Admin);
        awaiting.status = MembershipStatus::AwaitingVerification;
        for members in [vec![membership(2, Role::Admin)], vec![awaiting, membership(2, Role::Admin)]] {
            assert_eq!(show(&members).await.unwrap_err().code(), "team_not_found");
        }
    }

    #[tokio::test]
    async fn an_outage_is_no_missing_member() {
        let mut mocks = Mocks::default();
        mocks.hold_team(&[membership(1, Role::Member), membership(2, Role::Admin)]);
        mocks.users.expect_find_by_id().returning(|_| Err(outage()));
        let use_case = ShowMember::new(&mocks.into_dependencies());
        let error = use_case.execute(&actor(), &origin(), command()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }
}
