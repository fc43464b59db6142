//! Signs in with address and password.

use std::sync::Arc;

use countersign_domain::audit::{AuditEvent, AuditKind, Origin};
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::UserId;
use countersign_domain::password::{PasswordHash, PresentedPassword};
use countersign_domain::user::Credentials;
use time::OffsetDateTime;

use crate::auth::home_network::remember;
use crate::auth::password_attempts::{AttemptError, PasswordAttempts, Proven};
use crate::auth::tokens::{TokenIssuance, Tokens};
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::limits::{Limit, LimitExceeded, Limits, Subject};
use crate::ports::clock::Clock;
use crate::ports::credential_repository::CredentialRepository;
use crate::ports::password_hasher::PasswordHasher;
use crate::ports::unit_of_work::UnitOfWorkFactory;
use crate::snapshots::{Entry, Snapshots};
use crate::time_padding::TimePadding;
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct LogInCommand {
    /// The address.
    pub email: EmailAddress,
    /// The password.
    pub password: PresentedPassword,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// E-mail address or password is wrong.
    #[error("e-mail address or password is wrong")]
    InvalidCredentials,
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { LogInError {
    InvalidCredentials => Unauthenticated "invalid_credentials",
} via { Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct LogIn {
    clock: Arc<dyn Clock>,
    limits: Limits,
    credentials: Arc<dyn CredentialRepository>,
    attempts: PasswordAttempts,
    hasher: Arc<dyn PasswordHasher>,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    tokens: TokenIssuance,
    snapshots: Snapshots,
    trail: Trail,
    sessions_per_user: u64,
}

impl LogIn {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            limits: Limits::new(dependencies),
            credentials: Arc::clone(&dependencies.credentials),
            attempts: PasswordAttempts::new(dependencies),
            hasher: Arc::clone(&dependencies.password_hasher),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            tokens: TokenIssuance::new(dependencies),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
            sessions_per_user: dependencies.policy.sessions_per_user,
        }
    }

    /// Signs in with address and password.
    ///
    /// An unknown address, a wrong password and an inactive account get the same answer by the same work: two reads,
    /// one comparison, one audit event; it leaves at the end of a step of time (ASVS 6.3.8). What was refused before
    /// the address was looked up tells nothing of it, and leaves at once.
    pub async fn execute(&self, origin: &Origin, command: LogInCommand) -> Result<Tokens, LogInError> {
        let padding = TimePadding::begin();
        let now = self.clock.now();
        let network = Subject::Network(origin.ip);
        if let Err(exceeded) = self.limits.acquire(Limit::LoginOfNetwork, network, now).await {
            let first = self.limits.is_first_refusal(Limit::LoginOfNetwork, network, now).await;
            return self.limited(exceeded, first, self.failure(None, "network_limited", origin, now)).await;
        }
        let found = self.credentials.find_by_email(&command.email).await?;
        let outcome = self.sign_in(found, command, origin, now).await;
        if outcome.is_err() {
            padding.end().await;
        }
        outcome
    }

    async fn sign_in(
        &self,
        found: Option<Credentials>,
        command: LogInCommand,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Tokens, LogInError> {
        let known = found.as_ref().map(|credentials| credentials.user.id);
        let vantage = self.attempts.vantage(&command.email, origin).await?;
        match self.attempts.compare(vantage, &command.email, found, &command.password, origin, now).await {
            Ok(proven) => {
                let upgrade = self.upgrade(&proven, &command.password).await;
                self.open_session(&proven.credentials, upgrade, origin, now).await
            }
            Err(AttemptError::Refused(refusal)) => Err(self.refuse(known, refusal.as_str(), origin, now).await),
            Err(AttemptError::Limited { exceeded, first }) => {
                self.limited(exceeded, first, self.failure(known, "rate_limited", origin, now)).await
            }
            Err(AttemptError::Internal(fault)) => Err(fault.into()),
        }
    }

    /// Today's hash of the password, if the stored one is not. Worth a line in the log, but no failed sign-in.
    async fn upgrade(&self, proven: &Proven, password: &PresentedPassword) -> Option<PasswordHash> {
        if !proven.outdated {
            return None;
        }
        match self.hasher.hash(password.expose()).await {
            Ok(hash) => Some(hash),
            Err(fault) => {
                tracing::warn!(error = &fault as &dyn std::error::Error, "an outdated password hash was left as it is");
                None
            }
        }
    }

    /// Stores a session, unless the account has another password or address since its password was compared, or is
    /// inactive: a reset wins. That its other sessions were ended meanwhile keeps nobody out.
    async fn open_session(
        &self,
        verified: &Credentials,
        upgrade: Option<PasswordHash>,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Tokens, LogInError> {
        let id = verified.user.id;
        let mut events = vec![self.trail.event(AuditKind::LoginSucceeded, origin, now).by(id).about(id)];
        let uow = self.units_of_work.begin().await?;
        let locked = uow.credentials().lock(id).await?;
        let same_address = |now: &Credentials| now.user.email == verified.user.email;
        let Some(Credentials { user, .. }) = locked.filter(|now| verified.hold(now) && same_address(now)) else {
            drop(uow);
            return Err(self.refuse(Some(id), "changed_meanwhile", origin, now).await);
        };
        let (session, refresh_token) = self.tokens.new_session(&user, origin, now);
        if let Some(hash) = upgrade {
            uow.credentials().upgrade(id, &verified.password_hash, &hash).await?;
        }
        uow.sessions().insert(&session).await?;
        let ended = match self.sessions_per_user {
            0 => vec![],
            most => uow.sessions().end_oldest(id, most, now).await?,
        };
        if !ended.is_empty() {
            uow.one_time_tokens().remove_requested_by(id, &ended).await?;
            let kind = if ended.len() == 1 { AuditKind::SessionEnded } else { AuditKind::SessionsEnded };
            events.push(self.trail.event(kind, origin, now).by(id).about(id).detail("too_many_sessions"));
        }
        remember(&*uow, &user, origin, now).await?;
        for event in &events {
            uow.audit().append(event).await?;
        }
        let ended = self.snapshots.refreshed(ended.into_iter().map(Entry::Session));
        finish(uow, [ended], &self.trail, events).await?;
        Ok(self.tokens.tokens(&user, session.id, &refresh_token, session.idle_expires_at, now).await?)
    }

    /// Of what a limit refuses, the first within its window is stored: guessing is in the trail and does not fill it.
    async fn limited(&self, exceeded: LimitExceeded, first: bool, failure: AuditEvent) -> Result<Tokens, LogInError> {
        self.trail.record_limited(failure, first).await?;
        Err(exceeded.into())
    }

    async fn refuse(&self, known: Option<UserId>, why: &str, origin: &Origin, now: OffsetDateTime) -> LogInError {
        match self.trail.record(self.failure(known, why, origin, now)).await {
            Ok(()) => LogInError::InvalidCredentials,
            Err(fault) => fault.into(),
        }
    }

    fn failure(&self, known: Option<UserId>, why: &str, origin: &Origin, now: OffsetDateTime) -> AuditEvent {
        let mut event = self.trail.event(AuditKind::LoginFailed, origin, now).detail(why);
        event.user_id = known;
        event
    }
}

#[cfg(test)]
mod tests;
