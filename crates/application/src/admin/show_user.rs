//! Shows an account, to superusers.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::ids::UserId;
use countersign_domain::user::User;

use crate::actor::Actor;
use crate::admin::guard::{SuperuserError, SuperuserGuard};
use crate::admin::views::AdminViews;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::user_repository::UserRepository;

/// What to do.
#[derive(Clone, Debug)]
pub struct ShowUserCommand {
    /// Which.
    pub user_id: UserId,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ShowUserError {
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

classify! { ShowUserError {
    UserNotFound => Missing "user_not_found",
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ShowUser {
    guard: SuperuserGuard,
    users: Arc<dyn UserRepository>,
    views: AdminViews,
}

impl ShowUser {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            guard: SuperuserGuard::new(dependencies),
            users: Arc::clone(&dependencies.users),
            views: AdminViews::new(dependencies),
        }
    }

    /// Shows an account, to superusers.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: ShowUserCommand,
    ) -> Result<User, ShowUserError> {
        self.guard.require(actor, origin).await?;
        let user = self.users.find_by_id(command.user_id).await?.ok_or(ShowUserError::UserNotFound)?;
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

    async fn show(actor: Actor, n: u64) -> (Result<User, ShowUserError>, Vec<(AuditKind, Option<UserId>)>) {
        let mut mocks = Mocks::default();
        mocks.users.expect_find_by_id().returning(|id| Ok(Some(user(2)).filter(|user| user.id == id)));
        let recorded = mocks.recorded.clone();
        let use_case = ShowUser::new(&mocks.into_dependencies());
        let shown = use_case.execute(&actor, &origin(), ShowUserCommand { user_id: user_id(n) }).await;
        (shown, recorded.events().into_iter().map(|event| (event.kind, event.user_id)).collect())
    }

    #[tokio::test]
    async fn a_superuser_sees_an_account_and_that_is_audited() {
        let (shown, audited) = show(superuser(), 2).await;
        assert_eq!(shown.unwrap(), user(2));
        assert_eq!(audited, [(AuditKind::AdminViewed, Some(user_id(2)))]);
    }

    #[tokio::test]
    async fn an_unknown_account_is_not_found() {
        assert_eq!(show(superuser(), 3).await.0.unwrap_err().code(), "user_not_found");
    }

    #[tokio::test]
    async fn anybody_else_is_refused_also_for_its_own_account() {
        let (refused, audited) = show(actor(), 1).await;
        assert_eq!(refused.unwrap_err().code(), "superuser_required");
        assert_eq!(audited, [(AuditKind::AccessDenied, None)]);
    }

    #[tokio::test]
    async fn an_outage_is_no_missing_account() {
        let mut mocks = Mocks::default();
        mocks.users.expect_find_by_id().returning(|_| Err(outage()));
        let use_case = ShowUser::new(&mocks.into_dependencies());
        let command = ShowUserCommand { user_id: user_id(2) };
        let error = use_case.execute(&superuser(), &origin(), command).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }

    #[tokio::test]
    async fn what_cannot_be_audited_is_not_shown() {
        let mut mocks = Mocks::default();
        mocks.users.expect_find_by_id().returning(|_| Ok(Some(user(2))));
        mocks.recorded.refuse_events();
        let use_case = ShowUser::new(&mocks.into_dependencies());
        let command = ShowUserCommand { user_id: user_id(2) };
        let error = use_case.execute(&superuser(), &origin(), command).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }
}
