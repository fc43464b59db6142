//! Mails a new verification token to an unverified active account; every other address costs the same and gets nothing.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::UserId;
use countersign_domain::one_time_token::Purpose;
use countersign_domain::user::User;
use time::Duration;

use crate::auth::one_time_mail::OneTimeMails;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::limits::{Limit, LimitExceeded, Limits, Subject};
use crate::ports::clock::Clock;
use crate::ports::unit_of_work::UnitOfWorkFactory;
use crate::ports::user_repository::UserRepository;
use crate::time_padding::TimePadding;
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct RequestEmailVerificationCommand {
    /// The address.
    pub email: EmailAddress,
    /// Who asks, where somebody is signed in: the owner, or a superuser.
    pub by: Option<UserId>,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum RequestEmailVerificationError {
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { RequestEmailVerificationError {
} via { Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct RequestEmailVerification {
    clock: Arc<dyn Clock>,
    limits: Limits,
    users: Arc<dyn UserRepository>,
    one_time_mails: OneTimeMails,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    trail: Trail,
    lifetime: Duration,
}

impl RequestEmailVerification {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            limits: Limits::new(dependencies),
            users: Arc::clone(&dependencies.users),
            one_time_mails: OneTimeMails::new(dependencies),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            trail: Trail::new(dependencies),
            lifetime: dependencies.policy.verification_ttl,
        }
    }

    /// Mails a new verification token to an unverified active account; every other address costs the same and gets
    /// nothing.
    ///
    /// One read, then a unit of work of four statements, whatever the address (ASVS 6.3.8); the answer leaves at the
    /// end of a step of time. The account is judged under its lock: a change of address or a deletion that came in
    /// between leaves nothing to mail.
    pub async fn execute(
        &self,
        origin: &Origin,
        command: RequestEmailVerificationCommand,
    ) -> Result<(), RequestEmailVerificationError> {
        let padding = TimePadding::begin();
        let now = self.clock.now();
        let _counted = self.limits.acquire(Limit::VerificationOfNetwork, Subject::Network(origin.ip), now).await?;
        let _counted = self.limits.acquire(Limit::VerificationOfAddress, Subject::Address(&command.email), now).await?;
        let found = self.users.find_by_email(&command.email).await?;
        let uow = self.units_of_work.begin().await?;
        let addressee = self.one_time_mails.lock_addressee(&*uow, found, &command.email).await?.filter(may_verify);
        let mut event = self.trail.event(AuditKind::VerificationRequested, origin, now);
        event.actor_id = command.by;
        event.user_id = addressee.as_ref().map(|user| user.id);
        let mail = match &addressee {
            Some(user) => self.one_time_mails.to_account(Purpose::EmailVerification, user, self.lifetime, now)?,
            None => self.one_time_mails.decoy(Purpose::EmailVerification, command.email, self.lifetime, now)?,
        };
        mail.store(&*uow).await?;
        uow.audit().append(&event).await?;
        finish(uow, [], &self.trail, [event]).await?;
        padding.end().await;
        Ok(())
    }
}

fn may_verify(user: &User) -> bool {
    user.is_active && !user.email_verified
}

#[cfg(test)]
mod tests;
