//! Mails a new verification token to an unverified active account; every other address costs the same and gets nothing.

use countersign_domain::audit::Origin;
use countersign_domain::email_address::EmailAddress;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::limits::LimitExceeded;

/// What to do.
#[derive(Clone, Debug)]
pub struct RequestEmailVerificationCommand {
    /// The address.
    pub email: EmailAddress,
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
pub struct RequestEmailVerification {}

impl RequestEmailVerification {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Mails a new verification token to an unverified active account; every other address costs the same and gets nothing.
    pub async fn execute(
        &self,
        _origin: &Origin,
        _command: RequestEmailVerificationCommand,
    ) -> Result<(), RequestEmailVerificationError> {
        Err(Fault::internal("request_email_verification", "not built yet").into())
    }
}
