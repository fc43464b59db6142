//! Lists teams, for superusers.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::page::{Page, PageRequest};
use countersign_domain::team::Team;

use crate::actor::Actor;
use crate::admin::guard::{SuperuserError, SuperuserGuard};
use crate::admin::views::AdminViews;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::listings::Listings;

/// What to do.
#[derive(Clone, Debug)]
pub struct ListTeamsCommand {
    /// Part of the name.
    pub search: Option<String>,
    /// Which part.
    pub page: PageRequest,
}

/// A team as superusers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedTeam {
    /// The team.
    pub team: Team,
    /// Whether it has an active admin with an active account; where it has none, a superuser can appoint one.
    pub has_admin: bool,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListTeamsError {
    /// It takes a superuser.
    #[error(transparent)]
    Superuser(#[from] SuperuserError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListTeamsError {
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListTeams {
    guard: SuperuserGuard,
    listings: Arc<dyn Listings>,
    views: AdminViews,
}

impl ListTeams {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            guard: SuperuserGuard::new(dependencies),
            listings: Arc::clone(&dependencies.listings),
            views: AdminViews::new(dependencies),
        }
    }

    /// Lists teams, for superusers.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: ListTeamsCommand,
    ) -> Result<Page<ListedTeam>, ListTeamsError> {
        self.guard.require(actor, origin).await?;
        let page = self.listings.teams(command.search, &command.page).await?;
        let ids: Vec<_> = page.items.iter().map(|team| team.id).collect();
        let administered = self.listings.administered(&ids).await?;
        self.views.record(actor, origin, "teams", None).await?;
        Ok(page.map(|team| ListedTeam { has_admin: administered.contains(&team.id), team }))
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::audit::AuditKind;
    use mockall::predicate::eq;

    use super::*;
    use crate::error::{Classify, Kind};
    use crate::testing::{Mocks, actor, origin, outage, superuser, team};

    fn command() -> ListTeamsCommand {
        ListTeamsCommand { search: Some("engines".to_owned()), page: PageRequest::first(10) }
    }

    #[tokio::test]
    async fn a_superuser_sees_the_page_it_asks_for_and_that_is_audited() {
        let mut mocks = Mocks::default();
        mocks
            .listings
            .expect_teams()
            .with(eq(Some("engines".to_owned())), eq(PageRequest::first(10)))
            .returning(|_, _| Ok(Page { items: vec![team(1), team(2)], next: None }));
        mocks
            .listings
            .expect_administered()
            .withf(|teams| teams == [team(1).id, team(2).id])
            .returning(|_| Ok(vec![team(2).id]));
        let recorded = mocks.recorded.clone();
        let use_case = ListTeams::new(&mocks.into_dependencies());
        let page = use_case.execute(&superuser(), &origin(), command()).await.unwrap();
        let [one, two] = [(team(1), false), (team(2), true)].map(|(team, has_admin)| ListedTeam { team, has_admin });
        assert_eq!(page, Page { items: vec![one, two], next: None });
        let event = recorded.events().remove(0);
        assert_eq!((event.kind, event.actor_id), (AuditKind::AdminViewed, Some(superuser().id())));
        assert_eq!(event.detail.as_deref(), Some("teams"));
    }

    #[tokio::test]
    async fn anybody_else_sees_nothing() {
        let use_case = ListTeams::new(&Mocks::default().into_dependencies());
        let refused = use_case.execute(&actor(), &origin(), command()).await.unwrap_err();
        assert_eq!(refused.code(), "superuser_required");
    }

    #[tokio::test]
    async fn an_outage_is_no_empty_list() {
        let mut mocks = Mocks::default();
        mocks.listings.expect_teams().returning(|_, _| Err(outage()));
        let use_case = ListTeams::new(&mocks.into_dependencies());
        let error = use_case.execute(&superuser(), &origin(), command()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }

    #[tokio::test]
    async fn what_cannot_be_audited_is_not_shown() {
        let mut mocks = Mocks::default();
        mocks.listings.expect_teams().returning(|_, _| Ok(Page { items: vec![team(1)], next: None }));
        mocks.listings.expect_administered().returning(|_| Ok(vec![]));
        mocks.recorded.refuse_events();
        let use_case = ListTeams::new(&mocks.into_dependencies());
        let error = use_case.execute(&superuser(), &origin(), command()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }
}
