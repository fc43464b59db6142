//! Small copies of rows that are asked for with every request.

use async_trait::async_trait;
use countersign_domain::ids::{SessionId, TeamId, UserId};
use countersign_domain::page::Page;
use countersign_domain::session::SessionState;
use countersign_domain::team::Team;
use countersign_domain::team::membership::Membership;
use countersign_domain::user::User;
use time::Duration;

/// How long an entry lives at most. It is also how long the answer of a write waits whose fence could not be confirmed.
pub const ENTRY_LIFETIME: Duration = Duration::seconds(5);

/// Names the state of a key before a read of the database. A fence changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub u64);

/// What the cache has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<V> {
    /// A copy.
    Hit(V),
    /// None. With a version, what is read from the database now may be filled in; without one, a write is under way
    /// or the cache is out, and it may not.
    Miss(Option<Version>),
}

/// The fence could not be confirmed: some node may serve the old entry until it has lived its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cache did not confirm")]
pub struct Unconfirmed;

/// A cache that never brings an old state back: a fill counts only if nothing was fenced since its version was read.
///
/// The cache is never the truth, and its loss is no fault: then every lookup is a miss.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SnapshotCache<K: Send + Sync + 'static, V: Send + Sync + 'static>: Send + Sync {
    /// Looks an entry up.
    async fn read(&self, key: &K) -> Lookup<V>;

    /// Stores what was read from the database after `version` was read; does nothing if the version has changed.
    async fn fill(&self, key: &K, version: Version, value: V);

    /// Drops the entry and refuses fills until [`Self::lift`], at most for [`ENTRY_LIFETIME`]. Before the commit.
    async fn fence(&self, key: &K) -> Result<(), Unconfirmed>;

    /// Allows fills by reads that start from now on. After the commit.
    async fn lift(&self, key: &K) -> Result<(), Unconfirmed>;
}

/// Accounts by id.
pub type AccountCache = dyn SnapshotCache<UserId, User>;
/// Sessions by id.
pub type SessionCache = dyn SnapshotCache<SessionId, SessionState>;
/// Memberships by account and team.
pub type MembershipCache = dyn SnapshotCache<(UserId, TeamId), Membership>;
/// Teams by id.
pub type TeamCache = dyn SnapshotCache<TeamId, Team>;
/// The first page of an account's memberships.
pub type TeamListCache = dyn SnapshotCache<UserId, Page<Membership>>;
