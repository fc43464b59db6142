//! Sessions.

use std::net::IpAddr;

use async_trait::async_trait;
use countersign_domain::ids::{SessionId, UserId};
use countersign_domain::secret::TokenDigest;
use countersign_domain::session::Session;
use countersign_domain::user::Credentials;
use time::OffsetDateTime;

use crate::error::Fault;

/// The exchange of a refresh token for its successor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Of which session.
    pub session_id: SessionId,
    /// The token that is given back; must still be the current one.
    pub presented: TokenDigest,
    /// The token that is handed out.
    pub successor: TokenDigest,
    /// The successor sealed for whoever presents the same token again.
    pub sealed_successor: Vec<u8>,
    /// When.
    pub at: OffsetDateTime,
    /// When the session ends unless refreshed again.
    pub idle_expires_at: OffsetDateTime,
    /// From where.
    pub ip: Option<IpAddr>,
    /// With which program.
    pub user_agent: Option<String>,
}

/// Keeps sessions, one row each.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SessionRepository: Send + Sync {
    /// The session, ended or not.
    async fn find_by_id(&self, id: SessionId) -> Result<Option<Session>, Fault>;

    /// The session of this family of refresh tokens, ended or not.
    async fn find_by_family(&self, family: &TokenDigest) -> Result<Option<Session>, Fault>;

    /// The account's session and the account, ended or not and active or not, both locked until the unit of work ends,
    /// the account first: whoever writes for a session looks at it so. `None` if either is gone, or the session is
    /// another's.
    async fn lock(&self, user: UserId, id: SessionId) -> Result<Option<(Credentials, Session)>, Fault>;

    /// The account's sessions that are not over at `now`, newest first.
    async fn list_live_by_user(&self, user: UserId, now: OffsetDateTime) -> Result<Vec<Session>, Fault>;

    /// Every session of the account that is held, over or not, newest first: for the export of its data.
    async fn list_by_user(&self, user: UserId) -> Result<Vec<Session>, Fault>;

    /// Adds a session.
    async fn insert(&self, session: &Session) -> Result<(), Fault>;

    /// Rotates in one conditional statement: `true` for the one caller whose token still was the current one, of
    /// a session that is not over and of the epoch of its active account. The former successor is overwritten.
    /// From where and with which program the session was begun stays as it is.
    async fn rotate(&self, rotation: &Rotation) -> Result<bool, Fault>;

    /// Ends a session of this account. `false` if it had ended before or is not the account's.
    async fn end(&self, user: UserId, id: SessionId, now: OffsetDateTime) -> Result<bool, Fault>;

    /// Ends every session of the account but `keep`, which moves on to the account's new epoch.
    async fn end_by_user(
        &self,
        user: UserId,
        keep: Option<SessionId>,
        epoch: i64,
        now: OffsetDateTime,
    ) -> Result<u64, Fault>;

    /// Ends the account's oldest live sessions until `keep` are left. Returns those it ended.
    async fn end_oldest(&self, user: UserId, keep: u64, now: OffsetDateTime) -> Result<Vec<SessionId>, Fault>;
}
