//! Swaps the address with the token mailed to the new one, and ends every session but that which asked for it.

use countersign_domain::audit::Origin;
use countersign_domain::secret::Secret;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::limits::LimitExceeded;

/// What to do.
#[derive(Clone, Debug)]
pub struct ConfirmEmailChangeCommand {
    /// The mailed token.
    pub token: Secret,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmEmailChangeError {
    /// The token is invalid, expired or used.
    #[error("the token is invalid, expired or used")]
    InvalidToken,
    /// Another account has this e-mail address.
    #[error("another account has this e-mail address")]
    EmailTaken,
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ConfirmEmailChangeError {
    InvalidToken => BadRequest "invalid_token",
    EmailTaken => Conflict "email_taken",
} via { Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ConfirmEmailChange {}

impl ConfirmEmailChange {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Swaps the address with the token mailed to the new one, and ends every session but that which asked for it.
    pub async fn execute(
        &self,
        _origin: &Origin,
        _command: ConfirmEmailChangeCommand,
    ) -> Result<(), ConfirmEmailChangeError> {
        Err(Fault::internal("confirm_email_change", "not built yet").into())
    }
}
