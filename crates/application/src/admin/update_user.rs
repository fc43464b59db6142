//! Activates, deactivates, appoints or dismisses an account, for superusers.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::ids::UserId;
use countersign_domain::one_time_token::Purpose;
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::account::removal::{AccountRemoval, Aftermath};
use crate::actor::Actor;
use crate::admin::guard::{SuperuserError, SuperuserGuard};
use crate::admin::views::AdminViews;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, FieldViolation, RejectedValue, WriteError, classify};
use crate::ports::clock::Clock;
use crate::ports::user_repository::UserRepository;
use crate::snapshots::{Entry, Snapshots};
use crate::trail::Trail;

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
    /// Nobody has proven the address of the account.
    #[error(transparent)]
    Rejected(#[from] RejectedValue),
    /// It takes a superuser.
    #[error(transparent)]
    Superuser(#[from] SuperuserError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { UpdateUserError {
    UserNotFound => Missing "user_not_found",
} via { Rejected, Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct UpdateUser {
    clock: Arc<dyn Clock>,
    guard: SuperuserGuard,
    users: Arc<dyn UserRepository>,
    removal: AccountRemoval,
    views: AdminViews,
    snapshots: Snapshots,
    trail: Trail,
}

impl UpdateUser {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            guard: SuperuserGuard::new(dependencies),
            users: Arc::clone(&dependencies.users),
            removal: AccountRemoval::new(dependencies),
            views: AdminViews::new(dependencies),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Activates, deactivates, appoints or dismisses an account, for superusers. A deactivated account loses its
    /// sessions and mailed tokens, and the teams that depend on it get another admin or are frozen. Only an account whose
    /// address is proven can be appointed.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: UpdateUserCommand,
    ) -> Result<User, UpdateUserError> {
        self.guard.require(actor, origin).await?;
        let user = self.users.find_by_id(command.user_id).await?.ok_or(UpdateUserError::UserNotFound)?;
        let change = Change::of(&user, &command);
        if let Err(refused) = change.check(&user) {
            return Err(self.refuse(actor, origin, &user, refused.into()).await);
        }
        if change.is_none() {
            return self.unchanged(actor, origin, user).await;
        }
        let now = self.clock.now();
        let fence = self.snapshots.fence([Entry::Account(user.id)]).await;
        let (uow, user) = self.guard.begin(actor, origin, user.id).await?;
        let mut user = user.ok_or(UpdateUserError::UserNotFound)?;
        let change = Change::of(&user, &command);
        let allowed = change.check(&user);
        if allowed.is_err() || change.is_none() {
            drop(uow);
            fence.lift().await;
            if let Err(refused) = allowed {
                return Err(self.refuse(actor, origin, &user, refused.into()).await);
            }
            return self.unchanged(actor, origin, user).await;
        }
        let mut aftermath = Aftermath::default();
        if change.is_active == Some(false) {
            aftermath = self.removal.hand_over_teams(&*uow, &user, Some(actor.id()), origin, now).await?;
        }
        let kinds = change.apply(&mut user, now);
        uow.users().update(&user).await.map_err(WriteError::into_fault)?;
        if change.is_active == Some(false) {
            uow.sessions().end_by_user(user.id, None, user.epoch, now).await?;
            let dead = [Purpose::PasswordReset, Purpose::EmailChange];
            uow.one_time_tokens().remove_by_user(user.id, &dead).await?;
        }
        for kind in kinds {
            let event = self.trail.event(kind, origin, now).by(actor.id()).about(user.id);
            uow.audit().append(&event).await?;
            aftermath.events.push(event);
        }
        let stale = self.snapshots.refreshed(aftermath.stale);
        finish(uow, [fence, stale], &self.trail, aftermath.events).await?;
        Ok(user)
    }

    /// The refusal tells something of the account: a look at it too.
    async fn refuse(&self, actor: &Actor, origin: &Origin, user: &User, refused: UpdateUserError) -> UpdateUserError {
        match self.views.record(actor, origin, "user", Some(user.id)).await {
            Ok(()) => refused,
            Err(fault) => fault.into(),
        }
    }

    /// The answer shows the account: where nothing was done, it is a look at it.
    async fn unchanged(&self, actor: &Actor, origin: &Origin, user: User) -> Result<User, UpdateUserError> {
        self.views.record(actor, origin, "user", Some(user.id)).await?;
        Ok(user)
    }
}

/// What of a command is news to the account.
struct Change {
    is_active: Option<bool>,
    is_superuser: Option<bool>,
}

impl Change {
    fn of(user: &User, command: &UpdateUserCommand) -> Self {
        Self {
            is_active: command.is_active.filter(|is_active| *is_active != user.is_active),
            is_superuser: command.is_superuser.filter(|is_superuser| *is_superuser != user.is_superuser),
        }
    }

    const fn is_none(&self) -> bool {
        self.is_active.is_none() && self.is_superuser.is_none()
    }

    /// Whoever registered an address that they cannot read is not appointed by it.
    fn check(&self, user: &User) -> Result<(), RejectedValue> {
        if self.is_superuser != Some(true) {
            return Ok(());
        }
        user.may_be_appointed().map_err(|violation| RejectedValue(FieldViolation::new("is_superuser", &violation)))
    }

    /// Changes the account; says what happened.
    fn apply(&self, user: &mut User, now: OffsetDateTime) -> Vec<AuditKind> {
        let mut kinds = Vec::new();
        match self.is_active {
            Some(true) => {
                user.activate(now);
                kinds.push(AuditKind::UserActivated);
            }
            Some(false) => {
                user.deactivate(now);
                kinds.push(AuditKind::UserDeactivated);
            }
            None => {}
        }
        if let Some(is_superuser) = self.is_superuser {
            user.set_superuser(is_superuser, now);
            kinds.push(if is_superuser { AuditKind::SuperuserGranted } else { AuditKind::SuperuserRevoked });
        }
        kinds
    }
}

#[cfg(test)]
mod tests;
