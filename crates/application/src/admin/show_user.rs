//! Shows an account, to superusers.

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
pub struct ShowUser {}

impl ShowUser {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Shows an account, to superusers.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: ShowUserCommand,
    ) -> Result<User, ShowUserError> {
        Err(Fault::internal("show_user", "not built yet").into())
    }
}
