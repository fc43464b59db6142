//! Creates a verified superuser, from the command line.

use countersign_domain::audit::Origin;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::name::PersonName;
use countersign_domain::password::NewPassword;
use countersign_domain::user::User;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::RejectedValue;
use crate::error::classify;

/// What to do.
#[derive(Clone, Debug)]
pub struct CreateSuperuserCommand {
    /// Its address.
    pub email: EmailAddress,
    /// Its password.
    pub password: NewPassword,
    /// First name.
    pub first_name: PersonName,
    /// Last name.
    pub last_name: PersonName,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum CreateSuperuserError {
    /// Another account has this e-mail address.
    #[error("another account has this e-mail address")]
    EmailTaken,
    /// A value breaks a rule that needed the account to judge.
    #[error(transparent)]
    Rejected(#[from] RejectedValue),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { CreateSuperuserError {
    EmailTaken => Conflict "email_taken",
} via { Rejected, Internal } }

/// The use case.
#[derive(Clone)]
pub struct CreateSuperuser {}

impl CreateSuperuser {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Creates a verified superuser, from the command line.
    pub async fn execute(
        &self,
        _origin: &Origin,
        _command: CreateSuperuserCommand,
    ) -> Result<User, CreateSuperuserError> {
        Err(Fault::internal("create_superuser", "not built yet").into())
    }
}
