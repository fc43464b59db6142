//! Lists the teams of an account, for superusers.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::ids::UserId;
use countersign_domain::page::{Page, PageRequest};
use countersign_domain::team::membership::TeamMembership;

use crate::actor::Actor;
use crate::admin::guard::{SuperuserError, SuperuserGuard};
use crate::admin::views::AdminViews;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::membership_repository::MembershipRepository;

/// What to do.
#[derive(Clone, Debug)]
pub struct ListUserTeamsCommand {
    /// Whose; an account that is not there is in no team.
    pub user_id: UserId,
    /// Which part.
    pub page: PageRequest,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListUserTeamsError {
    /// It takes a superuser.
    #[error(transparent)]
    Superuser(#[from] SuperuserError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListUserTeamsError {
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListUserTeams {
    guard: SuperuserGuard,
    memberships: Arc<dyn MembershipRepository>,
    views: AdminViews,
}

impl ListUserTeams {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            guard: SuperuserGuard::new(dependencies),
            memberships: Arc::clone(&dependencies.memberships),
            views: AdminViews::new(dependencies),
        }
    }

    /// Lists the teams of an account, for superusers, those that await verification of its address included.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: ListUserTeamsCommand,
    ) -> Result<Page<TeamMembership>, ListUserTeamsError> {
        self.guard.require(actor, origin).await?;
        let page = self.memberships.list_by_user(command.user_id, &command.page).await?;
        self.views.record(actor, origin, "user_teams", Some(command.user_id)).await?;
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
    use crate::testing::{Mocks, actor, membership, origin, outage, superuser, team, user_id};

    fn page() -> Page<TeamMembership> {
        let membership = membership(2, Role::Member);
        Page { items: vec![TeamMembership { team: team(1), membership }], next: None }
    }

    fn mocks() -> Mocks {
        let mut mocks = Mocks::default();
        let asked = (eq(user_id(2)), eq(PageRequest::first(10)));
        mocks.memberships.expect_list_by_user().with(asked.0, asked.1).returning(|_, _| Ok(page()));
        mocks
    }

    async fn list(mocks: Mocks, actor: Actor) -> Result<Page<TeamMembership>, ListUserTeamsError> {
        let command = ListUserTeamsCommand { user_id: user_id(2), page: PageRequest::first(10) };
        ListUserTeams::new(&mocks.into_dependencies()).execute(&actor, &origin(), command).await
    }

    #[tokio::test]
    async fn a_superuser_sees_the_page_it_asks_for_and_that_is_audited() {
        let mocks = mocks();
        let recorded = mocks.recorded.clone();
        assert_eq!(list(mocks, superuser()).await.unwrap(), page());
        let event = recorded.events().remove(0);
        assert_eq!((event.kind, event.actor_id), (AuditKind::AdminViewed, Some(superuser().id())));
        assert_eq!((event.user_id, event.detail.as_deref()), (Some(user_id(2)), Some("user_teams")));
    }

    #[tokio::test]
    async fn anybody_else_sees_none_also_not_of_its_own() {
        assert_eq!(list(Mocks::default(), actor()).await.unwrap_err().code(), "superuser_required");
    }

    #[tokio::test]
    async fn an_outage_is_no_empty_list() {
        let mut mocks = Mocks::default();
        mocks.memberships.expect_list_by_user().returning(|_, _| Err(outage()));
        assert_eq!(list(mocks, superuser()).await.unwrap_err().kind(), Kind::Unavailable);
    }

    #[tokio::test]
    async fn what_cannot_be_audited_is_not_shown() {
        let mocks = mocks();
        mocks.recorded.refuse_events();
        assert_eq!(list(mocks, superuser()).await.unwrap_err().kind(), Kind::Unavailable);
    }
}
