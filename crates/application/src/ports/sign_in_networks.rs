//! Networks from which accounts signed in before.

use async_trait::async_trait;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::UserId;
use countersign_domain::network::Network;
use time::OffsetDateTime;

use crate::error::Fault;

/// Remembers networks, so that a stranger who guesses elsewhere cannot lock the owner out.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SignInNetworks: Send + Sync {
    /// Whether the account of this address signed in from there. An unknown address costs the same.
    async fn knows(&self, email: &EmailAddress, network: Network) -> Result<bool, Fault>;

    /// Notes a sign-in; repeats only move its time.
    async fn remember(&self, user: UserId, network: Network, now: OffsetDateTime) -> Result<(), Fault>;

    /// Forgets every network of the account.
    async fn forget(&self, user: UserId) -> Result<(), Fault>;

    /// Networks and the time of the last sign-in: for the export of the account's data.
    async fn list_by_user(&self, user: UserId) -> Result<Vec<(String, OffsetDateTime)>, Fault>;
}
