//! Lists who is in a team, for superusers.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::ids::TeamId;
use countersign_domain::page::{Page, PageRequest};
use countersign_domain::team::membership::Member;

use crate::actor::Actor;
use crate::admin::guard::{SuperuserError, SuperuserGuard};
use crate::admin::views::AdminViews;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::membership_repository::MembershipRepository;

/// What to do.
#[derive(Clone, Debug)]
pub struct ListTeamMembersCommand {
    /// Which team; one that is not there has no members.
    pub team_id: TeamId,
    /// Which part.
    pub page: PageRequest,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListTeamMembersError {
    /// It takes a superuser.
    #[error(transparent)]
    Superuser(#[from] SuperuserError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListTeamMembersError {
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListTeamMembers {
    guard: SuperuserGuard,
    memberships: Arc<dyn MembershipRepository>,
    views: AdminViews,
}

impl ListTeamMembers {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            guard: SuperuserGuard::new(dependencies),
            memberships: Arc::clone(&dependencies.memberships),
            views: AdminViews::new(dependencies),
        }
    }

    /// Lists who is in a team, for superusers, those whose membership awaits verification included.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: ListTeamMembersCommand,
    ) -> Result<Page<Member>, ListTeamMembersError> {
        self.guard.require(actor, origin).await?;
        let page = self.memberships.list_by_team(command.team_id, &command.page).await?;
        self.views.record_team(actor, origin, "members", command.team_id).await?;
        Ok(page)
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
    use crate::testing::{Mocks, actor, membership, origin, outage, superuser, team, user};

    fn page() -> Page<Member> {
        Page { items: vec![listed_member(membership(2, Role::Member), user(2))], next: None }
    }

    fn mocks() -> Mocks {
        let mut mocks = Mocks::default();
        let asked = (eq(team(1).id), eq(PageRequest::first(10)));
        mocks.memberships.expect_list_by_team().with(asked.0, asked.1).returning(|_, _| Ok(page()));
        mocks
    }

    async fn list(mocks: Mocks, actor: Actor) -> Result<Page<Member>, ListTeamMembersError> {
        let command = ListTeamMembersCommand { team_id: team(1).id, page: PageRequest::first(10) };
        ListTeamMembers::new(&mocks.into_dependencies()).execute(&actor, &origin(), command).await
    }

    #[tokio::test]
    async fn a_superuser_sees_the_page_it_asks_for_and_that_is_audited() {
        let mocks = mocks();
        let recorded = mocks.recorded.clone();
        assert_eq!(list(mocks, superuser()).await.unwrap(), page());
        let event = recorded.events().remove(0);
        assert_eq!((event.kind, event.actor_id), (AuditKind::AdminViewed, Some(superuser().id())));
        assert_eq!((event.team_id, event.detail.as_deref()), (Some(team(1).id), Some("members")));
    }

    #[tokio::test]
    async fn anybody_else_sees_nobody() {
        assert_eq!(list(Mocks::default(), actor()).await.unwrap_err().code(), "superuser_required");
    }

    #[tokio::test]
    async fn an_outage_is_no_empty_list() {
        let mut mocks = Mocks::default();
        mocks.memberships.expect_list_by_team().returning(|_, _| Err(outage()));
        assert_eq!(list(mocks, superuser()).await.unwrap_err().kind(), Kind::Unavailable);
    }

    #[tokio::test]
    async fn what_cannot_be_audited_is_not_shown() {
        let mocks = mocks();
        mocks.recorded.refuse_events();
        assert_eq!(list(mocks, superuser()).await.unwrap_err().kind(), Kind::Unavailable);
    }
}
