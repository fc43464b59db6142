//! Shows an account, to superusers.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::UserId;
use countersign_domain::user::User;

use crate::actor::Actor;
use crate::admin::guard::{SuperuserError, SuperuserGuard};
use crate::admin::views::AdminViews;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::user_repository::UserRepository;

/// Which account.
#[derive(Clone, Debug)]
pub enum ShowUserCommand {
    /// That of this id.
    Id(UserId),
    /// That of exactly this address.
    Address(EmailAddress),
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
        let found = match command {
            ShowUserCommand::Id(id) => self.users.find_by_id(id).await?,
            ShowUserCommand::Address(email) => self.users.find_by_email(&email).await?,
        };
        let user = found.ok_or(ShowUserError::UserNotFound)?;
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

    type Shown = (Result<User, ShowUserError>, Vec<(AuditKind, Option<UserId>)>);

    async fn show(actor: Actor, command: ShowUserCommand) -> Shown {
        let mut mocks = Mocks::default();
        mocks.users.expect_find_by_id().returning(|id| Ok(Some(user(2)).filter(|user| user.id == id)));
        mocks.users.expect_find_by_email().returning(|email| Ok(Some(user(2)).filter(|user| user.email == *email)));
        let recorded = mocks.recorded.clone();
        let shown = ShowUser::new(&mocks.into_dependencies()).execute(&actor, &origin(), command).await;
        (shown, recorded.events().into_iter().map(|event| (event.kind, event.user_id)).collect())
    }

    /// By id and by address.
    fn of(n: u64) -> [ShowUserCommand; 2] {
        [ShowUserCommand::Id(user_id(n)), ShowUserCommand::Address(user(n).email)]
    }

    #[tokio::test]
    async fn a_superuser_sees_an_account_and_that_is_audited() {
        for command in of(2) {
            let (shown, audited) = show(superuser(), command).await;
            assert_eq!(shown.unwrap(), user(2));
            assert_eq!(audited, [(AuditKind::AdminViewed, Some(user_id(2)))]);
        }
    }

    #[tokio::test]
    async fn an_unknown_account_is_not_found() {
        for command in of(3) {
            assert_eq!(show(superuser(), command).await.0.unwrap_err().code(), "user_not_found");
        }
    }

    #[tokio::test]
    async fn anybody_else_is_refused_also_for_its_own_account() {
        for command in of(1) {
            let (refused, audited) = show(actor(), command).await;
            assert_eq!(refused.unwrap_err().code(), "superuser_required");
            assert_eq!(audited, [(AuditKind::AccessDenied, None)]);
        }
    }

    #[tokio::test]
    async fn an_outage_is_no_missing_account() {
        let mut mocks = Mocks::default();
        mocks.users.expect_find_by_id().returning(|_| Err(outage()));
        mocks.users.expect_find_by_email().returning(|_| Err(outage()));
        let use_case = ShowUser::new(&mocks.into_dependencies());
        for command in of(2) {
            let error = use_case.execute(&superuser(), &origin(), command).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Unavailable);
        }
    }

    #[tokio::test]
    async fn what_cannot_be_audited_is_not_shown() {
        let mut mocks = Mocks::default();
        mocks.users.expect_find_by_id().returning(|_| Ok(Some(user(2))));
        mocks.recorded.refuse_events();
        let use_case = ShowUser::new(&mocks.into_dependencies());
        let command = ShowUserCommand::Id(user_id(2));
        let error = use_case.execute(&superuser(), &origin(), command).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }
}
