//! Ends the session of a refresh token; an unknown token is no error (RFC 7009).

use countersign_domain::audit::Origin;
use countersign_domain::secret::Secret;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// What to do.
#[derive(Clone, Debug)]
pub struct RevokeRefreshTokenCommand {
    /// The token.
    pub refresh_token: Secret,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum RevokeRefreshTokenError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { RevokeRefreshTokenError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct RevokeRefreshToken {}

impl RevokeRefreshToken {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Ends the session of a refresh token; an unknown token is no error (RFC 7009).
    pub async fn execute(
        &self,
        _origin: &Origin,
        _command: RevokeRefreshTokenCommand,
    ) -> Result<(), RevokeRefreshTokenError> {
        Err(Fault::internal("revoke_refresh_token", "not built yet").into())
    }
}
