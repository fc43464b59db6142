//! Lists accounts, for superusers.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::page::{Page, PageRequest};
use countersign_domain::user::User;

use crate::actor::Actor;
use crate::admin::guard::{SuperuserError, SuperuserGuard};
use crate::admin::views::AdminViews;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::listings::Listings;

/// What to do.
#[derive(Clone, Debug)]
pub struct ListUsersCommand {
    /// Part of the address or name.
    pub search: Option<String>,
    /// Which part.
    pub page: PageRequest,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListUsersError {
    /// It takes a superuser.
    #[error(transparent)]
    Superuser(#[from] SuperuserError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListUsersError {
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListUsers {
    guard: SuperuserGuard,
    listings: Arc<dyn Listings>,
    views: AdminViews,
}

impl ListUsers {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            guard: SuperuserGuard::new(dependencies),
            listings: Arc::clone(&dependencies.listings),
            views: AdminViews::new(dependencies),
        }
    }

    /// Lists accounts, for superusers.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: ListUsersCommand,
    ) -> Result<Page<User>, ListUsersError> {
        self.guard.require(actor, origin).await?;
        let page = self.listings.users(command.search, &command.page).await?;
        self.views.record(actor, origin, "users", None).await?;
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::audit::AuditKind;
    use mockall::predicate::eq;

    use super::*;
    use crate::error::{Classify, Kind};
    use crate::testing::{Mocks, actor, origin, outage, superuser, user};

    fn command() -> ListUsersCommand {
        ListUsersCommand { search: Some("firstname".to_owned()), page: PageRequest::first(10) }
    }

    #[tokio::test]
    async fn a_superuser_sees_the_page_it_asks_for_and_that_is_audited() {
        let mut mocks = Mocks::default();
        let page = Page { items: vec![user(1)], next: None };
        let found = page.clone();
        mocks
            .listings
            .expect_users()
            .with(eq(Some("firstname".to_owned())), eq(PageRequest::first(10)))
            .returning(move |_, _| Ok(found.clone()));
        let recorded = mocks.recorded.clone();
        let use_case = ListUsers::new(&mocks.into_dependencies());
        assert_eq!(use_case.execute(&superuser(), &origin(), command()).await.unwrap(), page);
        let event = recorded.events().remove(0);
        assert_eq!((event.kind, event.actor_id), (AuditKind::AdminViewed, Some(superuser().id())));
        assert_eq!(event.detail.as_deref(), Some("users"));
    }

    #[tokio::test]
    async fn anybody_else_sees_nothing() {
        let use_case = ListUsers::new(&Mocks::default().into_dependencies());
        let refused = use_case.execute(&actor(), &origin(), command()).await.unwrap_err();
        assert_eq!(refused.code(), "superuser_required");
    }

    #[tokio::test]
    async fn an_outage_is_no_empty_list() {
        let mut mocks = Mocks::default();
        mocks.listings.expect_users().returning(|_, _| Err(outage()));
        let use_case = ListUsers::new(&mocks.into_dependencies());
        let error = use_case.execute(&superuser(), &origin(), command()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }

    #[tokio::test]
    async fn what_cannot_be_audited_is_not_shown() {
        let mut mocks = Mocks::default();
        mocks.listings.expect_users().returning(|_, _| Ok(Page { items: vec![user(1)], next: None }));
        mocks.recorded.refuse_events();
        let use_case = ListUsers::new(&mocks.into_dependencies());
        let error = use_case.execute(&superuser(), &origin(), command()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }
}
