//! Password hashes, kept apart from accounts so that none is loaded by accident.

use async_trait::async_trait;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::UserId;
use countersign_domain::password::PasswordHash;
use countersign_domain::user::Credentials;

use crate::error::Fault;

/// Reads and replaces password hashes.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait CredentialRepository: Send + Sync {
    /// Account and hash of this address, inactive accounts included.
    async fn find_by_email(&self, email: &EmailAddress) -> Result<Option<Credentials>, Fault>;

    /// Account and hash of this id, inactive accounts included.
    async fn find_by_user(&self, user: UserId) -> Result<Option<Credentials>, Fault>;

    /// The same, locked until the unit of work ends.
    async fn lock(&self, user: UserId) -> Result<Option<Credentials>, Fault>;

    /// Sets the hash of an account.
    async fn replace(&self, user: UserId, hash: &PasswordHash) -> Result<(), Fault>;

    /// Sets the hash only while it still is `former`: an upgrade of cost or form must not undo a change of the
    /// password that came in between. Says whether it did.
    async fn upgrade(&self, user: UserId, former: &PasswordHash, hash: &PasswordHash) -> Result<bool, Fault>;
}
