//! Ends sessions of the actor.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::ids::SessionId;
use countersign_domain::one_time_token::Purpose;
use time::OffsetDateTime;

use crate::actor::Actor;
use crate::auth::authenticate::AuthenticateError;
use crate::auth::family_ending::FamilyEnding;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, WriteError, classify};
use crate::ports::clock::Clock;
use crate::ports::unit_of_work::UnitOfWorkFactory;
use crate::snapshots::{Entry, Snapshots};
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct LogOutCommand {
    /// Which.
    pub scope: LogoutScope,
}

/// Which sessions to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogoutScope {
    /// The one of the access token.
    #[default]
    Local,
    /// All others.
    Others,
    /// All.
    All,
}

impl LogoutScope {
    /// Reads `local`, `others` or `all`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "local" => Some(Self::Local),
            "others" => Some(Self::Others),
            "all" => Some(Self::All),
            _ => None,
        }
    }
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum LogOutError {
    /// The session was ended meanwhile, and ends no others any more.
    #[error(transparent)]
    Revoked(#[from] AuthenticateError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { LogOutError {
} via { Revoked, Internal } }

/// The use case.
#[derive(Clone)]
pub struct LogOut {
    clock: Arc<dyn Clock>,
    ending: FamilyEnding,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    snapshots: Snapshots,
    trail: Trail,
}

impl LogOut {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            ending: FamilyEnding::new(dependencies),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Ends sessions of the actor. That its own has ended already is no error, but then it ends no others.
    pub async fn execute(&self, actor: &Actor, origin: &Origin, command: LogOutCommand) -> Result<(), LogOutError> {
        let now = self.clock.now();
        match command.scope {
            LogoutScope::Local => {
                self.ending.end(actor.id(), actor.session_id, origin, now).await?;
            }
            LogoutScope::Others => self.end_many(actor, Some(actor.session_id), origin, now).await?,
            LogoutScope::All => self.end_many(actor, None, origin, now).await?,
        }
        Ok(())
    }

    /// One new epoch, whatever the number of sessions; the one to keep moves on to it. The changes of address that the
    /// ended ones asked for go too; where none is kept, so do all mailed tokens that would open the account again.
    async fn end_many(
        &self,
        actor: &Actor,
        keep: Option<SessionId>,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<(), LogOutError> {
        let detail = if keep.is_some() { "others" } else { "all" };
        let event = self.trail.event(AuditKind::SessionsEnded, origin, now).by(actor.id()).about(actor.id());
        let event = event.detail(detail);
        let stored = self.trail.stores_repeat(&event, actor.id().as_uuid()).await;
        let fence = self.snapshots.fence([Entry::Account(actor.id()), Entry::Session(actor.session_id)]).await;
        let uow = self.units_of_work.begin().await?;
        let mut user = match actor.lock(&*uow, now).await {
            Ok(locked) => locked.user,
            Err(error) => {
                drop(uow);
                fence.lift().await;
                return Err(error.into());
            }
        };
        user.end_sessions(now);
        uow.users().update(&user).await.map_err(WriteError::into_fault)?;
        uow.sessions().end_by_user(user.id, keep, user.epoch, now).await?;
        if let Some(keep) = keep {
            uow.one_time_tokens().remove_requested_by_others(user.id, keep).await?;
        } else {
            let dead = [Purpose::PasswordReset, Purpose::EmailChange];
            uow.one_time_tokens().remove_by_user(user.id, &dead).await?;
        }
        if stored {
            uow.audit().append(&event).await?;
        }
        finish(uow, [fence], &self.trail, [event]).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
