//! One-time tokens.

use async_trait::async_trait;
use countersign_domain::ids::{SessionId, UserId};
use countersign_domain::one_time_token::{OneTimeToken, Purpose};
use countersign_domain::secret::TokenDigest;
use time::OffsetDateTime;

use crate::error::Fault;

/// Keeps digests of one-time tokens; at most one for each account and purpose.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait OneTimeTokenRepository: Send + Sync {
    /// Stores a token in place of the former one of its account and purpose. A decoy (no account) costs the same.
    async fn replace(&self, token: &OneTimeToken) -> Result<(), Fault>;

    /// The token, while it is good for this purpose at `now`. Does not use it up. Never a decoy.
    async fn find(
        &self,
        digest: &TokenDigest,
        purpose: Purpose,
        now: OffsetDateTime,
    ) -> Result<Option<OneTimeToken>, Fault>;

    /// Uses the token up in one conditional statement: `Some` for the one caller who did it. Never a decoy.
    async fn consume(
        &self,
        digest: &TokenDigest,
        purpose: Purpose,
        now: OffsetDateTime,
    ) -> Result<Option<OneTimeToken>, Fault>;

    /// Every token of the account that is held, expired or not, by purpose: for the export of its data.
    async fn list_by_user(&self, user: UserId) -> Result<Vec<OneTimeToken>, Fault>;

    /// Removes the account's tokens of these purposes.
    async fn remove_by_user(&self, user: UserId, purposes: &[Purpose]) -> Result<(), Fault>;

    /// Removes the account's tokens that one of these sessions asked for.
    async fn remove_requested_by(&self, user: UserId, sessions: &[SessionId]) -> Result<(), Fault>;

    /// Removes the account's changes of address that this session did not ask for.
    async fn remove_requested_by_others(&self, user: UserId, keep: SessionId) -> Result<(), Fault>;
}
