//! Mails a token to a new address; one that is taken costs the same and gets none.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::email_address::EmailAddress;
use countersign_domain::password::PresentedPassword;
use time::{Duration, OffsetDateTime};

use crate::account::proof::{PasswordProof, ProofError};
use crate::actor::Actor;
use crate::auth::one_time_mail::{OneTimeMail, OneTimeMails};
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
pub struct RequestEmailChangeCommand {
    /// Proof.
    pub current_password: PresentedPassword,
    /// The new address.
    pub new_email: EmailAddress,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum RequestEmailChangeError {
    /// The current password is wrong, or was wrong too often.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { RequestEmailChangeError {
} via { Proof, Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct RequestEmailChange {
    clock: Arc<dyn Clock>,
    proof: PasswordProof,
    limits: Limits,
    users: Arc<dyn UserRepository>,
    one_time_mails: OneTimeMails,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    trail: Trail,
    lifetime: Duration,
}

impl RequestEmailChange {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            proof: PasswordProof::new(dependencies),
            limits: Limits::new(dependencies),
            users: Arc::clone(&dependencies.users),
            one_time_mails: OneTimeMails::new(dependencies),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            trail: Trail::new(dependencies),
            lifetime: dependencies.policy.verification_ttl,
        }
    }

    /// Mails a token to a new address; one that is taken costs the same and gets none.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: RequestEmailChangeCommand,
    ) -> Result<(), RequestEmailChangeError> {
        let padding = TimePadding::begin();
        let now = self.clock.now();
        let proven = self.proof.require(&actor.user, origin, &command.current_password, now).await?;
        // Only now: whoever fails to prove the account must not use up the mails of another's address.
        let address = Subject::Address(&command.new_email);
        let _counted = self.limits.acquire(Limit::VerificationOfAddress, address, now).await?;
        let mail = self.mail(actor, command.new_email, now).await?;
        let event = self.trail.event(AuditKind::EmailChangeRequested, origin, now).by(actor.id()).about(actor.id());
        let uow = self.units_of_work.begin().await?;
        // What ended the session or replaced the password has removed its tokens: there must be no new one.
        self.proof.lock_proven(&*uow, actor, &proven, now).await?;
        mail.store(&*uow).await?;
        uow.audit().append(&event).await?;
        finish(uow, [], &self.trail, [event]).await?;
        padding.end().await;
        Ok(())
    }

    async fn mail(&self, actor: &Actor, new_email: EmailAddress, now: OffsetDateTime) -> Result<OneTimeMail, Fault> {
        let taken = self.users.find_by_email(&new_email).await?.is_some();
        let mail = self.one_time_mails.to_new_address(new_email, &actor.user, actor.session_id, self.lifetime, now)?;
        // Either way the token of an earlier request is dead: that it lived on would tell that the address is taken.
        Ok(if taken { mail.unsent() } else { mail })
    }
}

#[cfg(test)]
mod tests;
