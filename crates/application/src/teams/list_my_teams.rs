//! Lists the teams of the actor.

use std::sync::Arc;

use countersign_domain::page::{Page, PageRequest};
use countersign_domain::team::membership::TeamMembership;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::membership_repository::MembershipRepository;

/// What to do.
#[derive(Clone, Debug)]
pub struct ListMyTeamsCommand {
    /// Which part.
    pub page: PageRequest,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListMyTeamsError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListMyTeamsError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListMyTeams {
    memberships: Arc<dyn MembershipRepository>,
}

impl ListMyTeams {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self { memberships: Arc::clone(&dependencies.memberships) }
    }

    /// Lists the teams of the actor, those that await verification of its address included.
    pub async fn execute(
        &self,
        actor: &Actor,
        command: ListMyTeamsCommand,
    ) -> Result<Page<TeamMembership>, ListMyTeamsError> {
        Ok(self.memberships.list_by_user(actor.id(), &command.page).await?)
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::team::role::Role;
    use mockall::predicate::eq;

    use super::*;
    use crate::error::{Classify, Kind};
    use crate::testing::{Mocks, actor, membership, outage, team, user_id};

    #[tokio::test]
    async fn the_actor_sees_its_own_teams() {
        let mut mocks = Mocks::default();
        let mine = TeamMembership { team: team(1), membership: membership(1, Role::Member) };
        let page = Page { items: vec![mine], next: None };
        let found = page.clone();
        mocks
            .memberships
            .expect_list_by_user()
            .with(eq(user_id(1)), eq(PageRequest::first(200)))
            .returning(move |_, _| Ok(found.clone()));
        let use_case = ListMyTeams::new(&mocks.into_dependencies());
        let command = ListMyTeamsCommand { page: PageRequest::first(200) };
        assert_eq!(use_case.execute(&actor(), command).await.unwrap(), page);
    }

    #[tokio::test]
    async fn an_outage_is_no_empty_list() {
        let mut mocks = Mocks::default();
        mocks.memberships.expect_list_by_user().returning(|_, _| Err(outage()));
        let use_case = ListMyTeams::new(&mocks.into_dependencies());
        let command = ListMyTeamsCommand { page: PageRequest::first(200) };
        assert_eq!(use_case.execute(&actor(), command).await.unwrap_err().kind(), Kind::Unavailable);
    }
}
