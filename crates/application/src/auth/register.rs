//! Registers an account, with an invitation also into its team.

mod invited;
mod taken_address;

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::UserId;
use countersign_domain::invitation::Invitation;
use countersign_domain::name::PersonName;
use countersign_domain::one_time_token::Purpose;
use countersign_domain::password::{NewPassword, PasswordHash};
use countersign_domain::secret::Secret;
use countersign_domain::user::User;
use time::{Duration, OffsetDateTime};

use crate::auth::home_network::remember;
use crate::auth::one_time_mail::OneTimeMails;
use crate::auth::register::invited::Invited;
use crate::auth::register::taken_address::TakenAddress;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Conflict, Fault, FieldViolation, RejectedValue, WriteError, classify};
use crate::limits::{Limit, LimitExceeded, Limits, Subject};
use crate::policy::RegistrationMode;
use crate::ports::clock::Clock;
use crate::ports::id_generator::IdGenerator;
use crate::ports::password_hasher::PasswordHasher;
use crate::ports::unit_of_work::UnitOfWorkFactory;
use crate::ports::user_repository::UserRepository;
use crate::time_padding::TimePadding;
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct RegisterCommand {
    /// Its address.
    pub email: EmailAddress,
    /// Its password.
    pub password: NewPassword,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
    /// Token of an invitation sent to that very address.
    pub invitation_token: Option<Secret>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registration {
    /// The account exists now.
    Registered(User),
    /// Registration conceals taken addresses: nothing may be told here, the mail says the rest.
    Concealed,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Another account has this e-mail address.
    #[error("another account has this e-mail address")]
    EmailTaken,
    /// Registration is closed; ask for an invitation.
    #[error("registration is closed; ask for an invitation")]
    RegistrationClosed,
    /// The invitation is invalid, expired or used.
    #[error("the invitation is invalid, expired or used; ask for a new one")]
    InvalidInvitation,
    /// This invitation is for another e-mail address.
    #[error("this invitation is for another e-mail address")]
    InvitationForAnotherAccount,
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

classify! { RegisterError {
    EmailTaken => Conflict "email_taken",
    RegistrationClosed => Forbidden "registration_closed",
    InvalidInvitation => BadRequest "invalid_token",
    InvitationForAnotherAccount => Forbidden "invitation_for_another_account",
} via { Rejected, Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct Register {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    limits: Limits,
    hasher: Arc<dyn PasswordHasher>,
    users: Arc<dyn UserRepository>,
    invited: Invited,
    taken_address: TakenAddress,
    one_time_mails: OneTimeMails,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    trail: Trail,
    mode: RegistrationMode,
    conceal_existing: bool,
    verification_ttl: Duration,
}

impl Register {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            ids: Arc::clone(&dependencies.ids),
            limits: Limits::new(dependencies),
            hasher: Arc::clone(&dependencies.password_hasher),
            users: Arc::clone(&dependencies.users),
            invited: Invited::new(dependencies),
            taken_address: TakenAddress::new(dependencies),
            one_time_mails: OneTimeMails::new(dependencies),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            trail: Trail::new(dependencies),
            mode: dependencies.policy.registration,
            conceal_existing: dependencies.policy.conceal_existing,
            verification_ttl: dependencies.policy.verification_ttl,
        }
    }

    /// Registers an account, with an invitation also into its team.
    ///
    /// A taken address costs the same hash; where it is concealed, also the same number of statements and one
    /// commit, and the answer leaves at the end of a step of time.
    pub async fn execute(&self, origin: &Origin, command: RegisterCommand) -> Result<Registration, RegisterError> {
        let padding = TimePadding::begin();
        let now = self.clock.now();
        self.admit(&command, origin, now).await?;
        let _counted = self.limits.acquire(Limit::RegisterOfNetwork, Subject::Network(origin.ip), now).await?;
        command
            .password
            .check_owner(&command.email, &command.first_name, &command.last_name)
            .map_err(|violation| RejectedValue(FieldViolation::new("password", &violation)))?;
        let invitation = match &command.invitation_token {
            Some(token) => Some(self.invited.invitation(token, &command.email, origin, now).await?),
            None => None,
        };
        let hash = self.hasher.hash(command.password.expose()).await?;
        let is_new = self.users.find_by_email(&command.email).await?.is_none();
        let room = self.has_room(&command.email, is_new && invitation.is_none(), now).await;
        let created =
            if is_new { self.create(&command, invitation.as_ref(), &hash, room, origin, now).await? } else { None };
        if self.conceal_existing {
            if created.is_none() {
                self.taken_address.tell_owner(&command.email, room, origin, now).await?;
            }
            padding.end().await;
            return Ok(Registration::Concealed);
        }
        let Some(user) = created else {
            self.taken_address.refuse(origin, now).await?;
            return Err(RegisterError::EmailTaken);
        };
        Ok(Registration::Registered(user))
    }

    /// Whether one may register at all; a refusal is audited (ASVS 16.3.2).
    async fn admit(
        &self,
        command: &RegisterCommand,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<(), RegisterError> {
        match self.mode {
            RegistrationMode::Open => Ok(()),
            RegistrationMode::Invited if command.invitation_token.is_some() => Ok(()),
            RegistrationMode::Invited | RegistrationMode::Closed => {
                let event = self.trail.event(AuditKind::RegistrationRefused, origin, now);
                self.trail.record_refusal(event.detail("registration_closed")).await?;
                Err(RegisterError::RegistrationClosed)
            }
        }
    }

    /// Whether the address may get one more mail. Not a limit of this call, only of its mails: nobody is to be flooded
    /// by registrations of their address, be they deleted in between. It is used up by mails of registrations alone:
    /// requests that anybody may make for any address, most of which mail nothing, must not keep the owner of an address
    /// from being told that somebody registers it. Where taken addresses are concealed, all count alike, or what is left
    /// of the limit would tell which it was.
    async fn has_room(&self, email: &EmailAddress, is_mailed: bool, now: OffsetDateTime) -> bool {
        let counts = is_mailed || self.conceal_existing;
        counts && self.limits.acquire(Limit::RegisterOfAddress, Subject::Address(email), now).await.is_ok()
    }

    /// `None` if somebody else took the address meanwhile. Without `room` the account waits for a mail that is asked
    /// for later.
    async fn create(
        &self,
        command: &RegisterCommand,
        invitation: Option<&Invitation>,
        hash: &PasswordHash,
        room: bool,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Option<User>, RegisterError> {
        let id = UserId::new(self.ids.next_id());
        let (first_name, last_name) = (command.first_name.clone(), command.last_name.clone());
        let mut user = User::register(id, command.email.clone(), first_name, last_name, now);
        if invitation.is_some() {
            user.verify_email(now);
        }
        let mut events = vec![self.trail.event(AuditKind::Registered, origin, now).by(id).about(id)];
        let uow = self.units_of_work.begin().await?;
        match uow.users().insert(&user, hash).await {
            Ok(()) => {}
            Err(WriteError::Conflict(Conflict::EmailTaken)) => return Ok(None),
            Err(error) => return Err(error.into_fault().into()),
        }
        if let Some(invitation) = invitation {
            events.push(self.invited.join(&*uow, &user, invitation, origin, now).await?);
            remember(&*uow, &user, origin, now).await?;
        } else {
            let lifetime = self.verification_ttl;
            let mail = self.one_time_mails.to_account(Purpose::EmailVerification, &user, lifetime, now)?;
            let mail = if room { mail } else { mail.unsent() };
            mail.store(&*uow).await?;
        }
        for event in &events {
            uow.audit().append(event).await?;
        }
        finish(uow, [], &self.trail, events).await?;
        Ok(Some(user))
    }
}

#[cfg(test)]
mod tests;
