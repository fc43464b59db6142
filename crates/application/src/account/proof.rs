//! Asking the owner of an account for the password once more (ASVS 7.5.1).

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::password::PresentedPassword;
use countersign_domain::user::{Credentials, User};
use time::OffsetDateTime;

use crate::actor::Actor;
use crate::auth::authenticate::AuthenticateError;
use crate::auth::password_attempts::{AttemptError, PasswordAttempts, Vantage};
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::limits::{Limit, LimitExceeded, Limits, Subject};
use crate::ports::credential_repository::CredentialRepository;
use crate::ports::unit_of_work::UnitOfWork;
use crate::trail::Trail;

/// Why a current password does not prove anything.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// It is another one.
    #[error("the current password is wrong")]
    WrongPassword,
    /// It was wrong too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// The session that asks was ended meanwhile.
    #[error(transparent)]
    Revoked(#[from] AuthenticateError),
    /// It could not be checked.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ProofError {
    WrongPassword => Forbidden "wrong_password",
} via { Limited, Revoked, Internal } }

/// Checks current passwords: failures count toward the limit of the account, and are audited. Right ones count too,
/// toward a limit of their own: whoever has one session must not keep the hashing busy. Either is counted apart for each
/// network that the account signed in from: a stolen session elsewhere does not keep the owner from acting.
#[derive(Clone)]
pub struct PasswordProof {
    credentials: Arc<dyn CredentialRepository>,
    attempts: PasswordAttempts,
    limits: Limits,
    trail: Trail,
}

impl PasswordProof {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            credentials: Arc::clone(&dependencies.credentials),
            attempts: PasswordAttempts::new(dependencies),
            limits: Limits::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Compares with the account's hash. Outside of any unit of work: it hashes. The credentials are those that
    /// were compared; whoever acts on them locks the account first.
    pub async fn require(
        &self,
        user: &User,
        origin: &Origin,
        password: &PresentedPassword,
        now: OffsetDateTime,
    ) -> Result<Credentials, ProofError> {
        let vantage = self.attempts.vantage(&user.email, origin).await?;
        let (limit, subject) = match vantage {
            Vantage::Home => (Limit::ProofOfUserAtHome, Subject::UserAt(user.id, origin.ip)),
            Vantage::Elsewhere => (Limit::ProofOfUser, Subject::User(user.id)),
        };
        let _counted = self.limits.acquire(limit, subject, now).await?;
        let found = self.credentials.find_by_user(user.id).await?;
        match self.attempts.compare(vantage, &user.email, found, password, origin, now).await {
            Ok(proven) => Ok(proven.credentials),
            Err(AttemptError::Limited { exceeded, first }) => {
                let event = self.trail.event(AuditKind::ProofFailed, origin, now).about(user.id);
                self.trail.record_limited(event.detail("rate_limited"), first).await?;
                Err(exceeded.into())
            }
            Err(AttemptError::Internal(fault)) => Err(fault.into()),
            Err(AttemptError::Refused(refusal)) => {
                let event = self.trail.event(AuditKind::ProofFailed, origin, now).about(user.id);
                self.trail.record(event.detail(refusal.as_str())).await?;
                Err(ProofError::WrongPassword)
            }
        }
    }

    /// Locks the account whose password was shown, and the session that showed it: hashing takes its time, in which
    /// either may have become worthless. That other sessions were ended does not matter.
    pub(crate) async fn lock_proven(
        &self,
        uow: &dyn UnitOfWork,
        actor: &Actor,
        proven: &Credentials,
        now: OffsetDateTime,
    ) -> Result<User, ProofError> {
        let locked = actor.lock(uow, now).await?;
        if proven.hold(&locked) { Ok(locked.user) } else { Err(ProofError::WrongPassword) }
    }
}

#[cfg(test)]
mod tests;
