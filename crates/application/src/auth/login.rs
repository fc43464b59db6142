//! Signs in with address and password.

use countersign_domain::audit::Origin;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::password::PresentedPassword;

use crate::auth::tokens::Tokens;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::limits::LimitExceeded;

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
pub struct LogIn {}

impl LogIn {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Signs in with address and password.
    pub async fn execute(&self, _origin: &Origin, _command: LogInCommand) -> Result<Tokens, LogInError> {
        Err(Fault::internal("login", "not built yet").into())
    }
}
