//! Purges what is no longer needed, unused unverified accounts included.

use std::sync::{Arc, Mutex, PoisonError};

use countersign_domain::audit::Origin;
use countersign_domain::ids::UserId;
use countersign_domain::page::{Cursor, PageRequest};
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::account::removal::{AccountRemoval, RemovalCause, RemovalError};
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::policy::Policy;
use crate::ports::clock::Clock;
use crate::ports::erasures::Erasures;
use crate::ports::housekeeping::{Housekeeping, Purge, PurgeReport};
use crate::ports::remains::{Depth, Remains};
use crate::ports::unit_of_work::{UnitOfWork, UnitOfWorkFactory};
use crate::ports::user_repository::UserRepository;
use crate::snapshots::{Entry, Snapshots};
use crate::trail::Trail;

/// How many accounts that were never verified are looked at a time.
pub const BATCH: u16 = 100;

/// How often in a run: what it costs does not grow with their number. The next run goes on behind them.
pub const BATCHES: u32 = 10;

/// Batches of audit events of one deleted account that are erased in a run.
pub const ERASURE_BATCHES: u32 = 500;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum KeepHouseError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { KeepHouseError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct KeepHouse {
    clock: Arc<dyn Clock>,
    housekeeping: Arc<dyn Housekeeping>,
    users: Arc<dyn UserRepository>,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    removal: AccountRemoval,
    erasures: Arc<dyn Erasures>,
    remains: Arc<dyn Remains>,
    snapshots: Snapshots,
    trail: Trail,
    policy: Policy,
    /// Behind which account the search for unused ones goes on; from the oldest without one.
    looked_to: Arc<Mutex<Option<Cursor>>>,
}

impl KeepHouse {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            housekeeping: Arc::clone(&dependencies.housekeeping),
            users: Arc::clone(&dependencies.users),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            removal: AccountRemoval::new(dependencies),
            erasures: Arc::clone(&dependencies.erasures),
            remains: Arc::clone(&dependencies.remains),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
            policy: dependencies.policy.clone(),
            looked_to: Arc::default(),
        }
    }

    /// Purges what is no longer needed, unused unverified accounts included, and clears what deleting has left in the
    /// files, whoever deleted: in full once the last traces of an account have gone. Safe to run on several nodes at
    /// once.
    pub async fn execute(&self) -> Result<PurgeReport, KeepHouseError> {
        let now = self.clock.now();
        let purge = Purge {
            now,
            access_ttl: self.policy.access_ttl,
            reuse_window: self.policy.session.browser_reuse_window(),
            retention: self.policy.retention,
        };
        let mut report = self.housekeeping.purge(&purge).await?;
        let accounts = self.remove_unused(now).await?;
        if accounts > 0 {
            report.removed.push(("users", accounts));
        }
        let erased = self.erase_noted(now).await?;
        if erased > 0 {
            report.removed.push(("erasures", erased));
        }
        self.remains.clear(if erased > 0 { Depth::Database } else { Depth::Log }, now).await?;
        Ok(report)
    }

    /// Goes on with erasures that were too long for an answer, or were interrupted, and does once more those that
    /// have kept watch long enough. Says how many are done.
    async fn erase_noted(&self, now: OffsetDateTime) -> Result<u64, Fault> {
        let mut done = 0;
        for user in self.erasures.list_noted(now, BATCH).await? {
            done += u64::from(self.erasures.erase(user, ERASURE_BATCHES, now).await?);
        }
        Ok(done)
    }

    /// Looks at some of the accounts that were never verified, from where the last run left off; over again once all have
    /// been looked at.
    async fn remove_unused(&self, now: OffsetDateTime) -> Result<u64, Fault> {
        let since = now - self.policy.retention.unverified_accounts;
        let mut removed = 0;
        for _ in 0..BATCHES {
            let first = PageRequest::first(BATCH);
            let page = self.looked_to().map_or(first, |cursor| first.starting(cursor));
            let found = self.users.list_unused(since, now, &page).await?;
            for id in found.items {
                match self.remove(id, since).await {
                    Ok(done) => removed += u64::from(done),
                    Err(fault @ (Fault::Unavailable { .. } | Fault::Contended { .. })) => return Err(fault),
                    // One account that cannot be removed must not keep the others for ever.
                    Err(fault) => {
                        tracing::error!(error = &fault as &dyn std::error::Error, "an unused account was not removed");
                    }
                }
            }
            *self.looked_to.lock().unwrap_or_else(PoisonError::into_inner) = found.next;
            if found.next.is_none() {
                break;
            }
        }
        Ok(removed)
    }

    fn looked_to(&self) -> Option<Cursor> {
        *self.looked_to.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes the account in a unit of work of its own, unless it has come into use since it was listed.
    async fn remove(&self, id: UserId, since: OffsetDateTime) -> Result<bool, Fault> {
        let now = self.clock.now();
        let fence = self.snapshots.fence([Entry::Account(id)]).await;
        let uow = self.units_of_work.begin().await?;
        let Some(unused) = unused(&*uow, id, since, now).await? else {
            drop(uow);
            fence.lift().await;
            return Ok(false);
        };
        let cause = RemovalCause::Unused;
        let aftermath = match self.removal.remove(&*uow, &unused, cause, &Origin::default(), now).await {
            Ok(aftermath) => aftermath,
            Err(RemovalError::Internal(fault)) => return Err(fault),
            Err(error @ RemovalError::LastAdmin) => return Err(Fault::internal("removal", error)),
        };
        let stale = self.snapshots.refreshed(aftermath.stale);
        finish(uow, [fence, stale], &self.trail, aftermath.events).await?;
        self.removal.erase_traces(id, now).await;
        Ok(true)
    }
}

/// The locked account, if it is active, was never verified, is in no team and was not used since.
async fn unused(
    uow: &dyn UnitOfWork,
    id: UserId,
    since: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<Option<User>, Fault> {
    let found = uow.users().lock(id).await?;
    let Some(user) = found.filter(|user| user.is_active && !user.email_verified) else { return Ok(None) };
    let teams = uow.memberships().list_by_user(id, &PageRequest::first(1)).await?;
    let sessions = uow.sessions().list_by_user(id).await?;
    let networks = uow.networks().list_by_user(id).await?;
    let in_use = !teams.items.is_empty()
        || sessions.iter().any(|session| session.last_seen_at >= since || session.is_live(&user, now))
        || networks.iter().any(|(_, seen)| *seen >= since);
    Ok((!in_use).then_some(user))
}

#[cfg(test)]
mod tests;
