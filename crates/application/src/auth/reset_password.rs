//! Sets a new password with a mailed token, proves the address, ends every session.

use std::sync::Arc;

use countersign_domain::audit::{AuditEvent, AuditKind, Origin};
use countersign_domain::ids::{MailId, TeamId};
use countersign_domain::one_time_token::Purpose;
use countersign_domain::password::{NewPassword, PasswordHash};
use countersign_domain::secret::{Secret, TokenDigest};
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::auth::home_network::remember;
use crate::auth::refused_tokens::RefusedTokens;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, FieldViolation, RejectedValue, WriteError, classify};
use crate::limits::LimitExceeded;
use crate::mail::message::{MailKind, QueuedMail};
use crate::ports::clock::Clock;
use crate::ports::id_generator::IdGenerator;
use crate::ports::one_time_token_repository::OneTimeTokenRepository;
use crate::ports::password_hasher::PasswordHasher;
use crate::ports::unit_of_work::{UnitOfWork, UnitOfWorkFactory};
use crate::ports::user_repository::UserRepository;
use crate::snapshots::{Entry, Snapshots};
use crate::teams::awaiting;
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct ResetPasswordCommand {
    /// The mailed token.
    pub token: Secret,
    /// The new password.
    pub new_password: NewPassword,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// The token is invalid, expired or used.
    #[error("the token is invalid, expired or used; ask for a new mail")]
    InvalidToken,
    /// A value breaks a rule that needed the account to judge.
    #[error(transparent)]
    Rejected(#[from] RejectedValue),
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ResetPasswordError {
    InvalidToken => BadRequest "invalid_token",
} via { Rejected, Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ResetPassword {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    refused: RefusedTokens,
    one_time_tokens: Arc<dyn OneTimeTokenRepository>,
    users: Arc<dyn UserRepository>,
    hasher: Arc<dyn PasswordHasher>,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    snapshots: Snapshots,
    trail: Trail,
}

impl ResetPassword {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            ids: Arc::clone(&dependencies.ids),
            refused: RefusedTokens::new(dependencies),
            one_time_tokens: Arc::clone(&dependencies.one_time_tokens),
            users: Arc::clone(&dependencies.users),
            hasher: Arc::clone(&dependencies.password_hasher),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Sets a new password with a mailed token, proves the address, ends every session. A password that is refused
    /// leaves the token as it was.
    pub async fn execute(&self, origin: &Origin, command: ResetPasswordCommand) -> Result<(), ResetPasswordError> {
        let now = self.clock.now();
        self.refused.check(origin, now).await?;
        let digest = command.token.digest();
        let Some(user) = self.owner(&digest, now).await? else { return Err(self.refuse(origin, now).await) };
        command
            .new_password
            .check_owner(&user.email, &user.first_name, &user.last_name)
            .map_err(|violation| RejectedValue(FieldViolation::new("new_password", &violation)))?;
        let hash = self.hasher.hash(command.new_password.expose()).await?;
        let fence = self.snapshots.fence([Entry::Account(user.id)]).await;
        let uow = self.units_of_work.begin().await?;
        let Some((events, activated)) = self.reset(&*uow, &user, &digest, &hash, origin, now).await? else {
            drop(uow);
            fence.lift().await;
            return Err(self.refuse(origin, now).await);
        };
        let activated = activated.into_iter().map(|team| Entry::Membership(user.id, team));
        finish(uow, [fence, self.snapshots.refreshed(activated)], &self.trail, events).await?;
        Ok(())
    }

    async fn owner(&self, digest: &TokenDigest, now: OffsetDateTime) -> Result<Option<User>, Fault> {
        let token = self.one_time_tokens.find(digest, Purpose::PasswordReset, now).await?;
        let Some(id) = token.and_then(|token| token.user_id) else { return Ok(None) };
        Ok(self.users.find_by_id(id).await?.filter(|user| user.is_active))
    }

    /// `None` if the token was used meanwhile, or its account may not use it any more.
    async fn reset(
        &self,
        uow: &dyn UnitOfWork,
        user: &User,
        digest: &TokenDigest,
        hash: &PasswordHash,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Option<(Vec<AuditEvent>, Vec<TeamId>)>, Fault> {
        let locked = uow.users().lock(user.id).await?.filter(|user| user.is_active);
        let Some(mut user) = locked else { return Ok(None) };
        if uow.one_time_tokens().consume(digest, Purpose::PasswordReset, now).await?.is_none() {
            return Ok(None);
        }
        let mut events = vec![self.trail.event(AuditKind::PasswordReset, origin, now).by(user.id).about(user.id)];
        let mut activated = vec![];
        if user.verify_email(now) {
            events.push(self.trail.event(AuditKind::EmailVerified, origin, now).by(user.id).about(user.id));
            activated = awaiting::activate(uow, &user).await?;
        }
        user.end_sessions(now);
        uow.users().update(&user).await.map_err(WriteError::into_fault)?;
        uow.credentials().replace(user.id, hash).await?;
        uow.sessions().end_by_user(user.id, None, user.epoch, now).await?;
        // Who was at home so far may have been somebody else: this is why one resets.
        uow.networks().forget(user.id).await?;
        remember(uow, &user, origin, now).await?;
        // The address is proven now, so that a token which would prove or disown it has nothing left to do.
        let dead = [Purpose::PasswordReset, Purpose::EmailChange, Purpose::EmailVerification];
        uow.one_time_tokens().remove_by_user(user.id, &dead).await?;
        let id = MailId::new(self.ids.next_id());
        if let Some(mail) = QueuedMail::notice(id, MailKind::PasswordChanged, &user, now) {
            uow.outbox().replace(&mail).await?;
        }
        for event in &events {
            uow.audit().append(event).await?;
        }
        Ok(Some((events, activated)))
    }

    async fn refuse(&self, origin: &Origin, now: OffsetDateTime) -> ResetPasswordError {
        self.refused.refuse("password_reset", origin, now, ResetPasswordError::InvalidToken).await
    }
}

#[cfg(test)]
mod tests;
