//! What a registration does about an address that another account has.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::MailId;
use countersign_domain::one_time_token::Purpose;
use time::{Duration, OffsetDateTime};

use crate::auth::one_time_mail::OneTimeMails;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::mail::message::{MailKind, QueuedMail};
use crate::ports::id_generator::IdGenerator;
use crate::ports::unit_of_work::UnitOfWorkFactory;
use crate::trail::Trail;

#[derive(Clone)]
pub(in crate::auth::register) struct TakenAddress {
    ids: Arc<dyn IdGenerator>,
    one_time_mails: OneTimeMails,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    trail: Trail,
    verification_ttl: Duration,
}

impl TakenAddress {
    pub(in crate::auth::register) fn new(dependencies: &Dependencies) -> Self {
        Self {
            ids: Arc::clone(&dependencies.ids),
            one_time_mails: OneTimeMails::new(dependencies),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            trail: Trail::new(dependencies),
            verification_ttl: dependencies.policy.verification_ttl,
        }
    }

    /// Where the client is told.
    pub(in crate::auth::register) async fn refuse(&self, origin: &Origin, now: OffsetDateTime) -> Result<(), Fault> {
        let event = self.trail.event(AuditKind::RegistrationRefused, origin, now);
        self.trail.record_refusal(event.detail("email_taken")).await
    }

    /// Where the client is not told but the owner is, if there is `room` for one more mail to the address. Four
    /// statements, as a new account takes.
    pub(in crate::auth::register) async fn tell_owner(
        &self,
        email: &EmailAddress,
        room: bool,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<(), Fault> {
        let decoy = self.one_time_mails.decoy(Purpose::EmailVerification, email.clone(), self.verification_ttl, now)?;
        let mut event = self.trail.event(AuditKind::RegistrationRefused, origin, now);
        let uow = self.units_of_work.begin().await?;
        let owner = uow.users().find_by_email(email).await?;
        event.user_id = owner.as_ref().map(|owner| owner.id);
        let told = match owner.filter(|owner| room && owner.is_active) {
            Some(owner) => {
                let id = MailId::new(self.ids.next_id());
                let mail = QueuedMail::new(id, MailKind::AddressTaken, email.clone(), now).to_account(&owner);
                decoy.replaced_by(mail)
            }
            None => decoy,
        };
        told.store(&*uow).await?;
        uow.audit().append(&event).await?;
        finish(uow, [], &self.trail, [event]).await?;
        Ok(())
    }
}
