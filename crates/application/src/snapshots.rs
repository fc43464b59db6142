//! Rows that are asked for with every request: from the cache, else from the database.

use std::sync::Arc;

use countersign_domain::ids::{SessionId, TeamId, UserId};
use countersign_domain::page::{Page, PageRequest};
use countersign_domain::session::SessionState;
use countersign_domain::team::Team;
use countersign_domain::team::membership::{Membership, TeamMembership};
use countersign_domain::user::User;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::ports::membership_repository::MembershipRepository;
use crate::ports::session_repository::SessionRepository;
use crate::ports::snapshot_cache::{
    AccountCache, ENTRY_LIFETIME, Lookup, MembershipCache, SessionCache, SnapshotCache, TeamCache, TeamListCache,
    Unconfirmed,
};
use crate::ports::team_repository::TeamRepository;
use crate::ports::user_repository::UserRepository;

/// The caches and the repositories behind them.
#[derive(Clone)]
pub struct Snapshots {
    accounts: Arc<AccountCache>,
    sessions: Arc<SessionCache>,
    memberships: Arc<MembershipCache>,
    teams: Arc<TeamCache>,
    team_lists: Arc<TeamListCache>,
    user_rows: Arc<dyn UserRepository>,
    session_rows: Arc<dyn SessionRepository>,
    membership_rows: Arc<dyn MembershipRepository>,
    team_rows: Arc<dyn TeamRepository>,
}

/// An entry that a write makes stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The account.
    Account(UserId),
    /// The session.
    Session(SessionId),
    /// The membership, and with it the account's list of teams.
    Membership(UserId, TeamId),
    /// The account's list of teams alone.
    TeamList(UserId),
    /// The team; the memberships of a team that is gone count for nothing.
    Team(TeamId),
}

/// Entries dropped before a commit. [`Self::lift`] after it; dropped instead, they stay unfilled for
/// [`ENTRY_LIFETIME`], which costs reads and nothing else.
#[must_use = "lift it after the commit"]
pub struct Fence {
    snapshots: Snapshots,
    entries: Vec<Entry>,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    /// Dropped, and whether every node has confirmed it.
    Raised { confirmed: bool },
    /// To be dropped when it is lifted.
    Planned,
}

impl Snapshots {
    /// With the caches and repositories of these dependencies.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            accounts: Arc::clone(&dependencies.account_cache),
            sessions: Arc::clone(&dependencies.session_cache),
            memberships: Arc::clone(&dependencies.membership_cache),
            teams: Arc::clone(&dependencies.team_cache),
            team_lists: Arc::clone(&dependencies.team_list_cache),
            user_rows: Arc::clone(&dependencies.users),
            session_rows: Arc::clone(&dependencies.sessions),
            membership_rows: Arc::clone(&dependencies.memberships),
            team_rows: Arc::clone(&dependencies.teams),
        }
    }

    /// The account.
    pub async fn account(&self, id: UserId) -> Result<Option<User>, Fault> {
        load(&*self.accounts, &id, self.user_rows.find_by_id(id)).await
    }

    /// What decides whether the session's access tokens count.
    pub async fn session(&self, id: SessionId) -> Result<Option<SessionState>, Fault> {
        load(&*self.sessions, &id, self.stored_session(id)).await
    }

    /// The same, past the cache.
    pub async fn stored_session(&self, id: SessionId) -> Result<Option<SessionState>, Fault> {
        Ok(self.session_rows.find_by_id(id).await?.as_ref().map(SessionState::from))
    }

    /// The membership.
    pub async fn membership(&self, user: UserId, team: TeamId) -> Result<Option<Membership>, Fault> {
        load(&*self.memberships, &(user, team), self.membership_rows.find(user, team)).await
    }

    /// The team.
    pub async fn team(&self, id: TeamId) -> Result<Option<Team>, Fault> {
        load(&*self.teams, &id, self.team_rows.find_by_id(id)).await
    }

    /// The first page of the account's teams. Teams that are gone are left out.
    pub async fn team_list(&self, user: UserId) -> Result<Page<TeamMembership>, Fault> {
        let read = async {
            let page = PageRequest::first(PageRequest::DEFAULT_LIMIT);
            let rows = self.membership_rows.list_by_user(user, &page).await?;
            Ok(Some(rows.map(|row| row.membership)))
        };
        let memberships = load(&*self.team_lists, &user, read).await?.unwrap_or(Page { items: vec![], next: None });
        let mut teams = self.teams(memberships.items.iter().map(|m| m.team_id)).await?;
        let items = memberships
            .items
            .into_iter()
            .filter_map(|membership| {
                let at = teams.iter().position(|team| team.id == membership.team_id)?;
                Some(TeamMembership { team: teams.swap_remove(at), membership })
            })
            .collect();
        Ok(Page { items, next: memberships.next })
    }

    /// These teams, those missing in the cache by one statement.
    async fn teams(&self, ids: impl Iterator<Item = TeamId>) -> Result<Vec<Team>, Fault> {
        let mut found = Vec::new();
        let mut missing = Vec::new();
        for id in ids {
            match self.teams.read(&id).await {
                Lookup::Hit(team) => found.push(team),
                Lookup::Miss(version) => missing.push((id, version)),
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        let ids: Vec<TeamId> = missing.iter().map(|(id, _)| *id).collect();
        for team in self.team_rows.find_many(&ids).await? {
            if let Some((id, Some(version))) = missing.iter().find(|(id, _)| *id == team.id) {
                self.teams.fill(id, *version, team.clone()).await;
            }
            found.push(team);
        }
        Ok(found)
    }

    /// Drops these entries on every node. Call it before the unit of work begins, and [`Fence::lift`] once it is
    /// committed, before the answer.
    pub async fn fence(&self, entries: impl IntoIterator<Item = Entry>) -> Fence {
        let entries: Vec<Entry> = entries.into_iter().collect();
        let confirmed = self.each_of(&entries, Step::Fence).await;
        Fence { snapshots: self.clone(), entries, state: State::Raised { confirmed } }
    }

    /// These entries, to be dropped on every node and filled again when it is lifted: enough for new rights, which
    /// nobody holds before the commit, and for rows that are only known within the unit of work.
    pub fn refreshed(&self, entries: impl IntoIterator<Item = Entry>) -> Fence {
        Fence { snapshots: self.clone(), entries: entries.into_iter().collect(), state: State::Planned }
    }

    /// Whether every node has confirmed every one.
    async fn each_of(&self, entries: &[Entry], step: Step) -> bool {
        let mut confirmed = true;
        for entry in entries {
            confirmed &= self.each(*entry, step).await.is_ok();
        }
        confirmed
    }

    async fn each(&self, entry: Entry, step: Step) -> Result<(), Unconfirmed> {
        match entry {
            Entry::Account(id) => step.take(&*self.accounts, &id).await,
            Entry::Session(id) => step.take(&*self.sessions, &id).await,
            Entry::Team(id) => step.take(&*self.teams, &id).await,
            Entry::TeamList(user) => step.take(&*self.team_lists, &user).await,
            Entry::Membership(user, team) => {
                let membership = step.take(&*self.memberships, &(user, team)).await;
                step.take(&*self.team_lists, &user).await.and(membership)
            }
        }
    }
}

impl Fence {
    /// Lets the entries be filled again with what is committed now. If a node may not have heard of the fence, the
    /// answer waits until every entry has lived its time.
    pub async fn lift(self) {
        let mut confirmed = match self.state {
            State::Raised { confirmed } => confirmed,
            State::Planned => self.snapshots.each_of(&self.entries, Step::Fence).await,
        };
        confirmed &= self.snapshots.each_of(&self.entries, Step::Lift).await;
        if !confirmed {
            tracing::warn!("the cache did not confirm an invalidation; waiting until its entries have expired");
            tokio::time::sleep(ENTRY_LIFETIME.unsigned_abs()).await;
        }
    }
}

#[derive(Clone, Copy)]
enum Step {
    Fence,
    Lift,
}

impl Step {
    async fn take<K: Send + Sync + 'static, V: Send + Sync + 'static>(
        self,
        cache: &dyn SnapshotCache<K, V>,
        key: &K,
    ) -> Result<(), Unconfirmed> {
        match self {
            Self::Fence => cache.fence(key).await,
            Self::Lift => cache.lift(key).await,
        }
    }
}

async fn load<K, V>(
    cache: &dyn SnapshotCache<K, V>,
    key: &K,
    read: impl Future<Output = Result<Option<V>, Fault>>,
) -> Result<Option<V>, Fault>
where
    K: Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    let version = match cache.read(key).await {
        Lookup::Hit(value) => return Ok(Some(value)),
        Lookup::Miss(version) => version,
    };
    let value = read.await?;
    if let (Some(value), Some(version)) = (&value, version) {
        cache.fill(key, version, value.clone()).await;
    }
    Ok(value)
}

#[cfg(test)]
mod tests;
