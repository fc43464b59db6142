//! Deletes an unverified account at the word of whoever reads the mail of its address.

use countersign_domain::audit::Origin;
use countersign_domain::secret::Secret;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::limits::LimitExceeded;

/// What to do.
#[derive(Clone, Debug)]
pub struct DisownAccountCommand {
    /// The token of the verification mail.
    pub token: Secret,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum DisownAccountError {
    /// The token is invalid, expired or used.
    #[error("the token is invalid, expired or used")]
    InvalidToken,
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { DisownAccountError {
    InvalidToken => BadRequest "invalid_token",
} via { Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct DisownAccount {}

impl DisownAccount {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Deletes an unverified account at the word of whoever reads the mail of its address.
    pub async fn execute(&self, _origin: &Origin, _command: DisownAccountCommand) -> Result<(), DisownAccountError> {
        Err(Fault::internal("disown_account", "not built yet").into())
    }
}
