//! Sets a new password, ends every other session, and hands out fresh tokens.

use std::sync::Arc;

use countersign_domain::audit::{AuditEvent, AuditKind, Origin};
use countersign_domain::ids::MailId;
use countersign_domain::one_time_token::Purpose;
use countersign_domain::password::{NewPassword, PasswordHash, PresentedPassword};
use countersign_domain::secret::RefreshToken;
use countersign_domain::session::Session;
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::account::proof::{PasswordProof, ProofError};
use crate::actor::Actor;
use crate::auth::tokens::{TokenIssuance, Tokens};
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, FieldViolation, RejectedValue, WriteError, classify};
use crate::mail::message::{MailKind, QueuedMail};
use crate::ports::clock::Clock;
use crate::ports::id_generator::IdGenerator;
use crate::ports::password_hasher::PasswordHasher;
use crate::ports::unit_of_work::{UnitOfWork, UnitOfWorkFactory};
use crate::snapshots::{Entry, Snapshots};
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct ChangePasswordCommand {
    /// Proof.
    pub current_password: PresentedPassword,
    /// The new password.
    pub new_password: NewPassword,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The current password is wrong, or was wrong too often.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A value breaks a rule that needed the account to judge.
    #[error(transparent)]
    Rejected(#[from] RejectedValue),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ChangePasswordError {
} via { Proof, Rejected, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ChangePassword {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    proof: PasswordProof,
    hasher: Arc<dyn PasswordHasher>,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    tokens: TokenIssuance,
    snapshots: Snapshots,
    trail: Trail,
}

/// What there is after the change.
struct Changed {
    user: User,
    session: Session,
    refresh_token: RefreshToken,
}

impl ChangePassword {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            ids: Arc::clone(&dependencies.ids),
            proof: PasswordProof::new(dependencies),
            hasher: Arc::clone(&dependencies.password_hasher),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            tokens: TokenIssuance::new(dependencies),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Sets a new password, ends every session, and hands out the tokens of a new one (ASVS 7.2.4, 7.4.3).
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: ChangePasswordCommand,
    ) -> Result<Tokens, ChangePasswordError> {
        let now = self.clock.now();
        let proven = self.proof.require(&actor.user, origin, &command.current_password, now).await?;
        let owner = &proven.user;
        command
            .new_password
            .check_owner(&owner.email, &owner.first_name, &owner.last_name)
            .map_err(|violation| RejectedValue(FieldViolation::new("new_password", &violation)))?;
        let hash = self.hasher.hash(command.new_password.expose()).await?;
        let event = self.trail.event(AuditKind::PasswordChanged, origin, now).by(owner.id).about(owner.id);
        let fence = self.snapshots.fence([Entry::Account(owner.id)]).await;
        let uow = self.units_of_work.begin().await?;
        let user = self.proof.lock_proven(&*uow, actor, &proven, now).await?;
        let Changed { user, session, refresh_token } = self.change(&*uow, user, &hash, &event, origin, now).await?;
        finish(uow, [fence], &self.trail, [event]).await?;
        Ok(self.tokens.tokens(&user, session.id, &refresh_token, session.idle_expires_at, now).await?)
    }

    async fn change(
        &self,
        uow: &dyn UnitOfWork,
        mut user: User,
        hash: &PasswordHash,
        event: &AuditEvent,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Changed, Fault> {
        user.end_sessions(now);
        uow.users().update(&user).await.map_err(WriteError::into_fault)?;
        uow.credentials().replace(user.id, hash).await?;
        uow.sessions().end_by_user(user.id, None, user.epoch, now).await?;
        let (session, refresh_token) = self.tokens.new_session(&user, origin, now);
        uow.sessions().insert(&session).await?;
        uow.one_time_tokens().remove_by_user(user.id, &[Purpose::PasswordReset, Purpose::EmailChange]).await?;
        let id = MailId::new(self.ids.next_id());
        if let Some(mail) = QueuedMail::notice(id, MailKind::PasswordChanged, &user, now) {
            uow.outbox().replace(&mail).await?;
        }
        uow.audit().append(event).await?;
        Ok(Changed { user, session, refresh_token })
    }
}

#[cfg(test)]
mod tests;
