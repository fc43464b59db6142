//! Deletes an account, for superusers; teams that lose their last admin get another or are frozen.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::ids::UserId;

use crate::account::removal::{AccountRemoval, RemovalCause, RemovalError};
use crate::actor::Actor;
use crate::admin::guard::{SuperuserError, SuperuserGuard};
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::clock::Clock;
use crate::ports::user_repository::UserRepository;
use crate::snapshots::{Entry, Snapshots};
use crate::trail::Trail;

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
pub struct DeleteUser {
    clock: Arc<dyn Clock>,
    guard: SuperuserGuard,
    users: Arc<dyn UserRepository>,
    removal: AccountRemoval,
    snapshots: Snapshots,
    trail: Trail,
}

impl DeleteUser {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            guard: SuperuserGuard::new(dependencies),
            users: Arc::clone(&dependencies.users),
            removal: AccountRemoval::new(dependencies),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Deletes an account, for superusers; teams that lose their last admin get another or are frozen.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: DeleteUserCommand,
    ) -> Result<(), DeleteUserError> {
        self.guard.require(actor, origin).await?;
        self.users.find_by_id(command.user_id).await?.ok_or(DeleteUserError::UserNotFound)?;
        let now = self.clock.now();
        let fence = self.snapshots.fence([Entry::Account(command.user_id)]).await;
        let (uow, user) = self.guard.begin(actor, origin, command.user_id).await?;
        let user = user.ok_or(DeleteUserError::UserNotFound)?;
        let cause = RemovalCause::Superuser(actor.id());
        let aftermath = self.removal.remove(&*uow, &user, cause, origin, now).await.map_err(never_refused)?;
        let stale = self.snapshots.refreshed(aftermath.stale);
        finish(uow, [fence, stale], &self.trail, aftermath.events).await?;
        self.removal.erase_traces(command.user_id, now).await;
        Ok(())
    }
}

/// A superuser is not refused for a team's sake.
fn never_refused(error: RemovalError) -> Fault {
    match error {
        RemovalError::Internal(fault) => fault,
        RemovalError::LastAdmin => Fault::internal("removal", error),
    }
}

#[cfg(test)]
mod tests;
