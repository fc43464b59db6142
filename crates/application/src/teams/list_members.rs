//! Lists who is in a team, for its members.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::ids::TeamId;
use countersign_domain::page::{Page, PageRequest};
use countersign_domain::team::membership::Member;
use countersign_domain::team::permissions::Permission;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::membership_repository::MembershipRepository;
use crate::teams::access::{TeamAccess, TeamAccessError};

/// What to do.
#[derive(Clone, Debug)]
pub struct ListMembersCommand {
    /// Which team.
    pub team_id: TeamId,
    /// Which part.
    pub page: PageRequest,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListMembersError {
    /// The team is not there for the actor, or it takes an admin.
    #[error(transparent)]
    Access(#[from] TeamAccessError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListMembersError {
} via { Access, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListMembers {
    access: TeamAccess,
    memberships: Arc<dyn MembershipRepository>,
}

impl ListMembers {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self { access: TeamAccess::new(dependencies), memberships: Arc::clone(&dependencies.memberships) }
    }

    /// Lists who is in a team, for its members.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: ListMembersCommand,
    ) -> Result<Page<Member>, ListMembersError> {
        self.access.require(actor, origin, command.team_id, Permission::ViewMembers).await?;
        Ok(self.memberships.list_by_team(command.team_id, &command.page).await?)
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::team::membership::Membership;
    use countersign_domain::team::role::Role;
    use mockall::predicate::eq;

    use super::*;
    use crate::error::{Classify, Kind};
    use crate::testing::{Mocks, actor, membership, origin, outage, team, user};

    fn command() -> ListMembersCommand {
        ListMembersCommand { team_id: team(1).id, page: PageRequest::first(2) }
    }

    fn mocks(members: &[Membership]) -> Mocks {
        let mut mocks = Mocks::default();
        mocks.hold_team(members);
        mocks
    }

    #[tokio::test]
    async fn a_member_sees_the_page_it_asks_for() {
        let mut mocks = mocks(&[membership(1, Role::Member)]);
        let row = Member {
            membership: membership(2, Role::Admin),
            email: user(2).email,
            first_name: user(2).first_name,
            last_name: user(2).last_name,
        };
        let page = Page { items: vec![row], next: None };
        let found = page.clone();
        mocks
            .memberships
            .expect_list_by_team()
            .with(eq(team(1).id), eq(PageRequest::first(2)))
            .returning(move |_, _| Ok(found.clone()));
        let use_case = ListMembers::new(&mocks.into_dependencies());
        assert_eq!(use_case.execute(&actor(), &origin(), command()).await.unwrap(), page);
    }

    #[tokio::test]
    async fn a_stranger_sees_nobody() {
        let use_case = ListMembers::new(&mocks(&[membership(2, Role::Admin)]).into_dependencies());
        let refused = use_case.execute(&actor(), &origin(), command()).await.unwrap_err();
        assert_eq!(refused.code(), "team_not_found");
    }

    #[tokio::test]
    async fn an_outage_is_neither_an_empty_list_nor_a_refusal() {
        let mut unlisted = mocks(&[membership(1, Role::Member)]);
        unlisted.memberships.expect_list_by_team().returning(|_, _| Err(outage()));
        let mut unread = Mocks::default();
        unread.memberships.expect_find().returning(|_, _| Err(outage()));
        for mocks in [unlisted, unread] {
            let use_case = ListMembers::new(&mocks.into_dependencies());
            let error = use_case.execute(&actor(), &origin(), command()).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Unavailable);
        }
    }
}
