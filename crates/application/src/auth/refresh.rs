//! Exchanges a refresh token for its successor and a fresh access token.

use countersign_domain::audit::Origin;
use countersign_domain::secret::Secret;

use crate::auth::tokens::Tokens;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::limits::LimitExceeded;

/// What to do.
#[derive(Clone, Debug)]
pub struct RefreshCommand {
    /// The token.
    pub refresh_token: Secret,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The refresh token is invalid, expired or was used before; sign in again.
    #[error("the refresh token is invalid, expired or was used before; sign in again")]
    InvalidRefreshToken,
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { RefreshError {
    InvalidRefreshToken => Unauthenticated "invalid_refresh_token",
} via { Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct Refresh {}

impl Refresh {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Exchanges a refresh token for its successor and a fresh access token.
    pub async fn execute(&self, _origin: &Origin, _command: RefreshCommand) -> Result<Tokens, RefreshError> {
        Err(Fault::internal("refresh", "not built yet").into())
    }
}
