//! Ends every session of an account, for superusers.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::ids::UserId;
use countersign_domain::one_time_token::Purpose;

use crate::actor::Actor;
use crate::admin::guard::{SuperuserError, SuperuserGuard};
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, WriteError, classify};
use crate::ports::clock::Clock;
use crate::ports::user_repository::UserRepository;
use crate::snapshots::{Entry, Snapshots};
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct EndUserSessionsCommand {
    /// Whose.
    pub user_id: UserId,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum EndUserSessionsError {
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

classify! { EndUserSessionsError {
    UserNotFound => Missing "user_not_found",
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct EndUserSessions {
    clock: Arc<dyn Clock>,
    guard: SuperuserGuard,
    users: Arc<dyn UserRepository>,
    snapshots: Snapshots,
    trail: Trail,
}

impl EndUserSessions {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            guard: SuperuserGuard::new(dependencies),
            users: Arc::clone(&dependencies.users),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Ends every session of an account, for superusers. Mailed tokens that would open it again go too.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: EndUserSessionsCommand,
    ) -> Result<(), EndUserSessionsError> {
        self.guard.require(actor, origin).await?;
        self.users.find_by_id(command.user_id).await?.ok_or(EndUserSessionsError::UserNotFound)?;
        let now = self.clock.now();
        let fence = self.snapshots.fence([Entry::Account(command.user_id)]).await;
        let (uow, user) = self.guard.begin(actor, origin, command.user_id).await?;
        let mut user = user.ok_or(EndUserSessionsError::UserNotFound)?;
        user.end_sessions(now);
        uow.users().update(&user).await.map_err(WriteError::into_fault)?;
        uow.sessions().end_by_user(user.id, None, user.epoch, now).await?;
        let dead = [Purpose::PasswordReset, Purpose::EmailChange];
        uow.one_time_tokens().remove_by_user(user.id, &dead).await?;
        let event = self.trail.event(AuditKind::SessionsEnded, origin, now).by(actor.id()).about(user.id);
        uow.audit().append(&event).await?;
        finish(uow, [fence], &self.trail, [event]).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
