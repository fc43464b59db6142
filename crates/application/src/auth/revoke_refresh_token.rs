//! Ends the session of a refresh token; an unknown token is no error (RFC 7009).

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::secret::{RefreshToken, Secret};

use crate::auth::family_ending::FamilyEnding;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::clock::Clock;
use crate::ports::session_repository::SessionRepository;

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
pub struct RevokeRefreshToken {
    clock: Arc<dyn Clock>,
    sessions: Arc<dyn SessionRepository>,
    ending: FamilyEnding,
}

impl RevokeRefreshToken {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            sessions: Arc::clone(&dependencies.sessions),
            ending: FamilyEnding::new(dependencies),
        }
    }

    /// Ends the session of a refresh token; an unknown token is no error (RFC 7009). An older generation will do:
    /// whoever holds one wants the session to end, or should.
    pub async fn execute(
        &self,
        origin: &Origin,
        command: RevokeRefreshTokenCommand,
    ) -> Result<(), RevokeRefreshTokenError> {
        let now = self.clock.now();
        let Some(presented) = RefreshToken::parse(command.refresh_token.expose()) else { return Ok(()) };
        if let Some(session) = self.sessions.find_by_family(&presented.family_digest()).await? {
            self.ending.end(session.user_id, session.id, origin, now).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
