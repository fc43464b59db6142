//! Accounts.

use async_trait::async_trait;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::UserId;
use countersign_domain::page::{Page, PageRequest};
use countersign_domain::password::PasswordHash;
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::error::{Fault, WriteError};

/// Keeps accounts; addresses are unique.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait UserRepository: Send + Sync {
    /// The account, active or not.
    async fn find_by_id(&self, id: UserId) -> Result<Option<User>, Fault>;

    /// The account of this address, active or not.
    async fn find_by_email(&self, email: &EmailAddress) -> Result<Option<User>, Fault>;

    /// Those of the accounts that exist, active or not, in any order, by one statement.
    async fn find_many(&self, ids: &[UserId]) -> Result<Vec<User>, Fault>;

    /// The account, locked until the unit of work ends: whoever updates it takes this lock first.
    async fn lock(&self, id: UserId) -> Result<Option<User>, Fault>;

    /// Adds an account with the hash of its password. Conflict: `EmailTaken`.
    async fn insert(&self, user: &User, password_hash: &PasswordHash) -> Result<(), WriteError>;

    /// Stores everything of a locked account but its password hash. Conflict: `EmailTaken`.
    async fn update(&self, user: &User) -> Result<(), WriteError>;

    /// Removes an account with its sessions, tokens, memberships and networks; `invited_by` and `created_by` of
    /// what it leaves become null. Says whether it was there.
    async fn remove(&self, id: UserId) -> Result<bool, Fault>;

    /// Looks at a page of the accounts that never verified their address and were created before that time, the oldest
    /// first. Returns those of them that are active, have not signed in nor refreshed since as far as sessions (ended
    /// ones too) and networks tell, are in no team and have no live session at `now`: fewer than were looked at, and
    /// maybe none, also where more follow.
    async fn list_unused(
        &self,
        since: OffsetDateTime,
        now: OffsetDateTime,
        page: &PageRequest,
    ) -> Result<Page<UserId>, Fault>;
}
