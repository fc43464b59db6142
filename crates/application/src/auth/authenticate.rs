//! Turns an access token into the account that it speaks for.

use std::sync::Arc;

use countersign_domain::ids::{SessionId, UserId};
use time::OffsetDateTime;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::access_tokens::{AccessTokenError, AccessTokens};
use crate::ports::clock::Clock;
use crate::snapshots::Snapshots;

/// Why a token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The token, its session or its account no longer counts.
    #[error("the access token is invalid or expired; refresh it or sign in again")]
    InvalidToken,
    /// It could not be checked.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { AuthenticateError {
    InvalidToken => Unauthenticated "invalid_token",
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct Authenticate {
    clock: Arc<dyn Clock>,
    tokens: Arc<dyn AccessTokens>,
    snapshots: Snapshots,
}

impl Authenticate {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            tokens: Arc::clone(&dependencies.access_tokens),
            snapshots: Snapshots::new(dependencies),
        }
    }

    /// Checks the token, then that its session and account still count. A token is only ever as good as its session
    /// at this moment (ASVS 7.2.1, 7.4.1).
    pub async fn execute(&self, token: &str) -> Result<Actor, AuthenticateError> {
        let now = self.clock.now();
        let verified = self.tokens.verify(token, now).await.map_err(|error| match error {
            AccessTokenError::Invalid => AuthenticateError::InvalidToken,
            AccessTokenError::Fault(fault) => fault.into(),
        })?;
        self.live(verified.user_id, verified.session_id, now).await?.ok_or(AuthenticateError::InvalidToken)
    }

    /// The account of a session, if both count at this moment.
    pub(crate) async fn live(
        &self,
        user_id: UserId,
        session_id: SessionId,
        now: OffsetDateTime,
    ) -> Result<Option<Actor>, Fault> {
        let Some(mut session) = self.snapshots.session(session_id).await? else { return Ok(None) };
        let Some(user) = self.snapshots.account(user_id).await? else { return Ok(None) };
        if session.lags_behind(&user, now) {
            // The two were read one after the other: the session that was kept while others ended has moved on since.
            let Some(stored) = self.snapshots.stored_session(session_id).await? else { return Ok(None) };
            session = stored;
        }
        Ok(session.is_live(&user, now).then_some(Actor { user, session_id }))
    }
}

#[cfg(test)]
mod tests;
