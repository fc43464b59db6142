//! Registers an account, with an invitation also into its team.

use countersign_domain::audit::Origin;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::name::PersonName;
use countersign_domain::password::NewPassword;
use countersign_domain::secret::Secret;
use countersign_domain::user::User;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::RejectedValue;
use crate::error::classify;
use crate::limits::LimitExceeded;

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
    #[error("the invitation is invalid, expired or used")]
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
pub struct Register {}

impl Register {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Registers an account, with an invitation also into its team.
    pub async fn execute(&self, _origin: &Origin, _command: RegisterCommand) -> Result<Registration, RegisterError> {
        Err(Fault::internal("register", "not built yet").into())
    }
}
