//! Lists audit events, newest first, for superusers.

use std::sync::Arc;

use countersign_domain::audit::{AuditEvent, Origin};
use countersign_domain::page::{Page, PageRequest};

use crate::actor::Actor;
use crate::admin::guard::{SuperuserError, SuperuserGuard};
use crate::admin::views::AdminViews;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::audit_log::AuditFilter;
use crate::ports::listings::Listings;

/// What to do.
#[derive(Clone, Debug)]
pub struct ListAuditEventsCommand {
    /// Which.
    pub filter: AuditFilter,
    /// Which part.
    pub page: PageRequest,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListAuditEventsError {
    /// It takes a superuser.
    #[error(transparent)]
    Superuser(#[from] SuperuserError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListAuditEventsError {
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListAuditEvents {
    guard: SuperuserGuard,
    listings: Arc<dyn Listings>,
    views: AdminViews,
}

impl ListAuditEvents {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            guard: SuperuserGuard::new(dependencies),
            listings: Arc::clone(&dependencies.listings),
            views: AdminViews::new(dependencies),
        }
    }

    /// Lists audit events, newest first, for superusers.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: ListAuditEventsCommand,
    ) -> Result<Page<AuditEvent>, ListAuditEventsError> {
        self.guard.require(actor, origin).await?;
        let page = self.listings.audit_events(&command.filter, &command.page).await?;
        self.views.record(actor, origin, "audit", None).await?;
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::audit::AuditKind;
    use countersign_domain::ids::AuditEventId;
    use mockall::predicate::eq;
    use uuid::Uuid;

    use super::*;
    use crate::error::{Classify, Kind};
    use crate::testing::{Mocks, NOW, actor, origin, outage, superuser, user_id};

    fn command() -> ListAuditEventsCommand {
        let filter = AuditFilter { user_id: Some(user_id(1)), ..AuditFilter::default() };
        ListAuditEventsCommand { filter, page: PageRequest::first(10) }
    }

    #[tokio::test]
    async fn a_superuser_sees_the_events_it_asks_for_and_that_is_audited() {
        let event = AuditEvent::new(AuditEventId::new(Uuid::from_u128(1)), AuditKind::LoginSucceeded, &origin(), NOW);
        let page = Page { items: vec![event], next: None };
        let found = page.clone();
        let mut mocks = Mocks::default();
        mocks
            .listings
            .expect_audit_events()
            .with(eq(command().filter), eq(command().page))
            .returning(move |_, _| Ok(found.clone()));
        let recorded = mocks.recorded.clone();
        let use_case = ListAuditEvents::new(&mocks.into_dependencies());
        assert_eq!(use_case.execute(&superuser(), &origin(), command()).await.unwrap(), page);
        assert_eq!(recorded.audited(), [AuditKind::AdminViewed]);
        assert_eq!(recorded.events()[0].detail.as_deref(), Some("audit"));
    }

    #[tokio::test]
    async fn anybody_else_sees_nothing() {
        let use_case = ListAuditEvents::new(&Mocks::default().into_dependencies());
        let refused = use_case.execute(&actor(), &origin(), command()).await.unwrap_err();
        assert_eq!(refused.code(), "superuser_required");
    }

    #[tokio::test]
    async fn an_outage_is_no_empty_list() {
        let mut mocks = Mocks::default();
        mocks.listings.expect_audit_events().returning(|_, _| Err(outage()));
        let use_case = ListAuditEvents::new(&mocks.into_dependencies());
        let error = use_case.execute(&superuser(), &origin(), command()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }

    #[tokio::test]
    async fn what_cannot_be_audited_is_not_shown() {
        let mut mocks = Mocks::default();
        mocks.listings.expect_audit_events().returning(|_, _| Ok(Page { items: vec![], next: None }));
        mocks.recorded.refuse_events();
        let use_case = ListAuditEvents::new(&mocks.into_dependencies());
        let error = use_case.execute(&superuser(), &origin(), command()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }
}
