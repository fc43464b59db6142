//! Mails a reset token to an active account; every other address costs the same and gets nothing.

use countersign_domain::audit::Origin;
use countersign_domain::email_address::EmailAddress;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::limits::LimitExceeded;

/// What to do.
#[derive(Clone, Debug)]
pub struct RequestPasswordResetCommand {
    /// The address.
    pub email: EmailAddress,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum RequestPasswordResetError {
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { RequestPasswordResetError {
} via { Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct RequestPasswordReset {}

impl RequestPasswordReset {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Mails a reset token to an active account; every other address costs the same and gets nothing.
    pub async fn execute(
        &self,
        _origin: &Origin,
        _command: RequestPasswordResetCommand,
    ) -> Result<(), RequestPasswordResetError> {
        Err(Fault::internal("request_password_reset", "not built yet").into())
    }
}
