//! Sets a new password with a mailed token, proves the address, ends every session.

use countersign_domain::audit::Origin;
use countersign_domain::password::NewPassword;
use countersign_domain::secret::Secret;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::RejectedValue;
use crate::error::classify;
use crate::limits::LimitExceeded;

/// What to do.
#[derive(Clone, Debug)]
pub struct ResetPasswordCommand {
    /// The mailed token.
    pub token: Secret,
    /// The new password.
    pub new_password: NewPassword,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// The token is invalid, expired or used.
    #[error("the token is invalid, expired or used")]
    InvalidToken,
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

classify! { ResetPasswordError {
    InvalidToken => BadRequest "invalid_token",
} via { Rejected, Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ResetPassword {}

impl ResetPassword {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Sets a new password with a mailed token, proves the address, ends every session.
    pub async fn execute(&self, _origin: &Origin, _command: ResetPasswordCommand) -> Result<(), ResetPasswordError> {
        Err(Fault::internal("reset_password", "not built yet").into())
    }
}
