//! Proves an address: the mailed token shows the mailbox, the proof shows the account.

use std::sync::Arc;

use countersign_domain::audit::{AuditEvent, AuditKind, Origin};
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::one_time_token::Purpose;
use countersign_domain::password::PresentedPassword;
use countersign_domain::secret::{Secret, TokenDigest};
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::account::proof::{PasswordProof, ProofError};
use crate::actor::Actor;
use crate::auth::authenticate::AuthenticateError;
use crate::auth::home_network::remember;
use crate::auth::refused_tokens::RefusedTokens;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, WriteError, classify};
use crate::limits::LimitExceeded;
use crate::ports::clock::Clock;
use crate::ports::one_time_token_repository::OneTimeTokenRepository;
use crate::ports::unit_of_work::{UnitOfWork, UnitOfWorkFactory};
use crate::ports::user_repository::UserRepository;
use crate::snapshots::{Entry, Snapshots};
use crate::teams::awaiting;
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct VerifyEmailCommand {
    /// The mailed token.
    pub token: Secret,
    /// That the caller owns the account.
    pub proof: Option<Proof>,
}

/// Proof of owning an account.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A valid access token of it.
    Session(Box<Actor>),
    /// Its password.
    Password(PresentedPassword),
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum VerifyEmailError {
    /// The token is invalid, expired or used.
    #[error("the token is invalid, expired or used; ask for a new mail")]
    InvalidToken,
    /// Sign in to the account or give its password to verify its e-mail address.
    #[error("only who has the account verifies its e-mail address; sign in to it, or give its password along")]
    ProofRequired,
    /// The session that was the proof was ended meanwhile.
    #[error(transparent)]
    Revoked(#[from] AuthenticateError),
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { VerifyEmailError {
    InvalidToken => BadRequest "invalid_token",
    ProofRequired => Forbidden "proof_required",
} via { Revoked, Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct VerifyEmail {
    clock: Arc<dyn Clock>,
    refused: RefusedTokens,
    one_time_tokens: Arc<dyn OneTimeTokenRepository>,
    users: Arc<dyn UserRepository>,
    password_proof: PasswordProof,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    snapshots: Snapshots,
    trail: Trail,
}

impl VerifyEmail {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            refused: RefusedTokens::new(dependencies),
            one_time_tokens: Arc::clone(&dependencies.one_time_tokens),
            users: Arc::clone(&dependencies.users),
            password_proof: PasswordProof::new(dependencies),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Proves an address: the mailed token shows the mailbox, the proof shows the account. The token alone would let
    /// the owner of a mailbox who merely clicks hand a stranger's account its address. Without a proof it is not
    /// used up.
    pub async fn execute(&self, origin: &Origin, command: VerifyEmailCommand) -> Result<(), VerifyEmailError> {
        let now = self.clock.now();
        self.refused.check(origin, now).await?;
        let digest = command.token.digest();
        let Some(user) = self.owner(&digest, now).await? else { return Err(self.refuse(origin, now).await) };
        let session = self.require_proof(&user, command.proof, origin, now).await?;
        let fence = self.snapshots.fence([Entry::Account(user.id)]).await;
        let uow = self.units_of_work.begin().await?;
        let Some((event, activated)) = self.verify(&*uow, user.id, session.as_deref(), &digest, origin, now).await?
        else {
            drop(uow);
            fence.lift().await;
            return Err(self.refuse(origin, now).await);
        };
        let activated = activated.into_iter().map(|team| Entry::Membership(user.id, team));
        finish(uow, [fence, self.snapshots.refreshed(activated)], &self.trail, [event]).await?;
        Ok(())
    }

    async fn owner(&self, digest: &TokenDigest, now: OffsetDateTime) -> Result<Option<User>, Fault> {
        let token = self.one_time_tokens.find(digest, Purpose::EmailVerification, now).await?;
        let Some(id) = token.and_then(|token| token.user_id) else { return Ok(None) };
        Ok(self.users.find_by_id(id).await?.filter(|user| user.is_active))
    }

    /// The session that proves it; `None` where the password did.
    async fn require_proof(
        &self,
        user: &User,
        proof: Option<Proof>,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Option<Box<Actor>>, VerifyEmailError> {
        let refused = self.trail.event(AuditKind::ProofFailed, origin, now).about(user.id);
        match proof {
            Some(Proof::Session(actor)) if actor.id() == user.id => Ok(Some(actor)),
            Some(Proof::Session(actor)) => {
                self.trail.record_refusal(refused.by(actor.id()).detail("another_account")).await?;
                Err(VerifyEmailError::ProofRequired)
            }
            None => {
                self.trail.record_refusal(refused.detail("no_proof")).await?;
                Err(VerifyEmailError::ProofRequired)
            }
            Some(Proof::Password(password)) => match self.password_proof.require(user, origin, &password, now).await {
                Ok(_) => Ok(None),
                Err(ProofError::WrongPassword) => Err(VerifyEmailError::ProofRequired),
                Err(ProofError::Limited(exceeded)) => Err(exceeded.into()),
                Err(ProofError::Revoked(revoked)) => Err(revoked.into()),
                Err(ProofError::Internal(fault)) => Err(fault.into()),
            },
        }
    }

    /// `None` if the token was used meanwhile, or its account may not use it any more.
    async fn verify(
        &self,
        uow: &dyn UnitOfWork,
        user: UserId,
        session: Option<&Actor>,
        digest: &TokenDigest,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Option<(AuditEvent, Vec<TeamId>)>, VerifyEmailError> {
        let locked = match session {
            Some(actor) => Some(actor.lock(uow, now).await?.user),
            None => uow.users().lock(user).await?.filter(|user| user.is_active),
        };
        let Some(mut user) = locked else { return Ok(None) };
        if uow.one_time_tokens().consume(digest, Purpose::EmailVerification, now).await?.is_none() {
            return Ok(None);
        }
        user.verify_email(now);
        uow.users().update(&user).await.map_err(WriteError::into_fault)?;
        remember(uow, &user, origin, now).await?;
        let activated = awaiting::activate(uow, &user).await?;
        let event = self.trail.event(AuditKind::EmailVerified, origin, now).by(user.id).about(user.id);
        uow.audit().append(&event).await?;
        Ok(Some((event, activated)))
    }

    async fn refuse(&self, origin: &Origin, now: OffsetDateTime) -> VerifyEmailError {
        self.refused.refuse("email_verification", origin, now, VerifyEmailError::InvalidToken).await
    }
}

#[cfg(test)]
mod tests;
