//! Deletes an account, for superusers; teams that lose their last admin get another or are frozen.

use countersign_domain::audit::Origin;
use countersign_domain::ids::UserId;

use crate::actor::Actor;
use crate::admin::guard::SuperuserError;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// What to do.
#[derive(Clone, Debug)]
pub struct DeleteUserCommand {
    /// Which.
    pub user_id: UserId,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum DeleteUserError {
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

classify! { DeleteUserError {
    UserNotFound => Missing "user_not_found",
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct DeleteUser {}

impl DeleteUser {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Deletes an account, for superusers; teams that lose their last admin get another or are frozen.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: DeleteUserCommand,
    ) -> Result<(), DeleteUserError> {
        Err(Fault::internal("delete_user", "not built yet").into())
    }
}
