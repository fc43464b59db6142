//! Activates, deactivates, appoints or dismisses an account, for superusers.

use countersign_domain::audit::Origin;
use countersign_domain::ids::UserId;
use countersign_domain::user::User;

use crate::actor::Actor;
use crate::admin::guard::SuperuserError;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// What to do.
#[derive(Clone, Debug)]
pub struct UpdateUserCommand {
    /// Which.
    pub user_id: UserId,
    /// May sign in; absent keeps.
    pub is_active: Option<bool>,
    /// Is superuser; absent keeps.
    pub is_superuser: Option<bool>,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum UpdateUserError {
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

classify! { UpdateUserError {
    UserNotFound => Missing "user_not_found",
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct UpdateUser {}

impl UpdateUser {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Activates, deactivates, appoints or dismisses an account, for superusers.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: UpdateUserCommand,
    ) -> Result<User, UpdateUserError> {
        Err(Fault::internal("update_user", "not built yet").into())
    }
}
