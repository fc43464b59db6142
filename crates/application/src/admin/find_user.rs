//! Shows the account of an address, to superusers.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::user::User;

use crate::actor::Actor;
use crate::admin::guard::{SuperuserError, SuperuserGuard};
use crate::admin::views::AdminViews;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::user_repository::UserRepository;

/// What to do.
#[derive(Clone, Debug)]
pub struct FindUserCommand {
    /// Exactly this one.
    pub email: EmailAddress,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum FindUserError {
    /// No such user.
    #[error("no such user")]
    UserNotFound,
    /// It takes a superuser.
    #[error(transparent)]
    Superuser(#[from] SuperuserError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { FindUserError {
    UserNotFound => Missing "user_not_found",
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct FindUser {
    guard: SuperuserGuard,
    users: Arc<dyn UserRepository>,
    views: AdminViews,
}

impl FindUser {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            guard: SuperuserGuard::new(dependencies),
            users: Arc::clone(&dependencies.users),
            views: AdminViews::new(dependencies),
        }
    }

    /// Shows the account of an address, to superusers.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: FindUserCommand,
    ) -> Result<User, FindUserError> {
        self.guard.require(actor, origin).await?;
        let user = self.users.find_by_email(&command.email).await?.ok_or(FindUserError::UserNotFound)?;
        self.views.record(actor, origin, "user", Some(user.id)).await?;
        Ok(user)
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::audit::AuditKind;

    use super::*;
    use crate::error::{Classify, Kind};
    use crate::testing::{Mocks, actor, origin, outage, superuser, user, user_id};

    fn mocks() -> Mocks {
        let mut mocks = Mocks::default();
        mocks.users.expect_find_by_email().returning(|email| Ok(Some(user(2)).filter(|user| user.email == *email)));
        mocks
    }

    async fn find(mocks: Mocks, actor: Actor, n: u64) -> Result<User, FindUserError> {
        let command = FindUserCommand { email: user(n).email };
        FindUser::new(&mocks.into_dependencies()).execute(&actor, &origin(), command).await
    }

    #[tokio::test]
    async fn a_superuser_finds_an_account_and_that_is_audited() {
        let mocks = mocks();
        let recorded = mocks.recorded.clone();
        assert_eq!(find(mocks, superuser(), 2).await.unwrap(), user(2));
        let event = recorded.events().remove(0);
        assert_eq!((event.kind, event.actor_id), (AuditKind::AdminViewed, Some(superuser().id())));
        assert_eq!((event.user_id, event.detail.as_deref()), (Some(user_id(2)), Some("user")));
    }

    #[tokio::test]
    async fn an_unknown_address_is_not_found() {
        assert_eq!(find(mocks(), superuser(), 3).await.unwrap_err().code(), "user_not_found");
    }

    #[tokio::test]
    async fn anybody_else_is_refused_also_for_its_own_address() {
        assert_eq!(find(Mocks::default(), actor(), 1).await.unwrap_err().code(), "superuser_required");
    }

    #[tokio::test]
    async fn an_outage_is_no_missing_account() {
        let mut mocks = Mocks::default();
        mocks.users.expect_find_by_email().returning(|_| Err(outage()));
        assert_eq!(find(mocks, superuser(), 2).await.unwrap_err().kind(), Kind::Unavailable);
    }

    #[tokio::test]
    async fn what_cannot_be_audited_is_not_shown() {
        let mocks = mocks();
        mocks.recorded.refuse_events();
        assert_eq!(find(mocks, superuser(), 2).await.unwrap_err().kind(), Kind::Unavailable);
    }
}
