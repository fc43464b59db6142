//! Reading lists from the replica, or else from the primary.

use std::future::Future;

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::audit_log::AuditFilter;
use countersign_application::ports::listings::Listings;
use countersign_domain::audit::AuditEvent;
use countersign_domain::ids::TeamId;
use countersign_domain::page::{Page, PageRequest};
use countersign_domain::team::Team;
use countersign_domain::team::membership::Member;
use countersign_domain::user::User;
use metrics::counter;
use sea_orm::DatabaseConnection;
use time::OffsetDateTime;

use crate::persistence::connection::Connection;
use crate::persistence::replica::{Replica, Standing};
use crate::persistence::store::Store;

/// Lists that are as old as the replica, at most as old as it may be.
#[derive(Debug)]
pub struct ReplicatedListings {
    replica: Replica,
    there: Store<Connection<DatabaseConnection>>,
    here: Store<Connection<DatabaseConnection>>,
}

impl ReplicatedListings {
    pub(crate) fn new(replica: Replica) -> Self {
        // A rate can only be told from a first value on.
        for source in ["replica", "primary"] {
            counter!("countersign_replica_reads_total", "source" => source).increment(0);
        }
        let (there, here) = (replica.follower.store(), replica.primary.store());
        Self { replica, there, here }
    }

    /// What the replica answers. None if it is not used, or is given up while it is waited for, or does not answer
    /// well: whatever is wrong with it, such as a row that its primary's housekeeping took from under the statement,
    /// need not be wrong with the primary.
    async fn attempt<T: Send>(&self, read: impl Future<Output = Result<T, Fault>> + Send) -> Option<T> {
        let mut standing = self.replica.standing.subscribe();
        if *standing.borrow_and_update() != Standing::Used {
            return None;
        }
        let answer = tokio::select! {
            biased;
            answer = read => answer,
            _given_up = standing.wait_for(|standing| *standing != Standing::Used) => return None,
        };
        // One statement that took too long tells nothing of the next: only who watches it gives a replica up.
        answer
            .inspect_err(|fault| {
                tracing::debug!(error = fault as &dyn std::error::Error, "the replica did not answer a list");
            })
            .ok()
    }

    async fn read<T: Send>(
        &self,
        there: impl Future<Output = Result<T, Fault>> + Send,
        here: impl Future<Output = Result<T, Fault>> + Send,
    ) -> Result<T, Fault> {
        let answer = self.attempt(there).await;
        let source = if answer.is_some() { "replica" } else { "primary" };
        counter!("countersign_replica_reads_total", "source" => source).increment(1);
        match answer {
            Some(list) => Ok(list),
            None => here.await,
        }
    }
}

#[async_trait]
impl Listings for ReplicatedListings {
    async fn users(&self, search: Option<String>, page: &PageRequest) -> Result<Page<User>, Fault> {
        self.read(self.there.users(search.clone(), page), self.here.users(search, page)).await
    }

    async fn teams(&self, search: Option<String>, page: &PageRequest) -> Result<Page<Team>, Fault> {
        self.read(self.there.teams(search.clone(), page), self.here.teams(search, page)).await
    }

    async fn administered(&self, teams: &[TeamId]) -> Result<Vec<TeamId>, Fault> {
        self.read(self.there.administered(teams), self.here.administered(teams)).await
    }

    async fn admins(&self, team: TeamId, limit: u16) -> Result<Vec<Member>, Fault> {
        self.read(self.there.admins(team, limit), self.here.admins(team, limit)).await
    }

    async fn pending_invitations(&self, team: TeamId, now: OffsetDateTime) -> Result<u64, Fault> {
        self.read(self.there.pending_invitations(team, now), self.here.pending_invitations(team, now)).await
    }

    async fn audit_events(&self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditEvent>, Fault> {
        self.read(self.there.audit_events(filter, page), self.here.audit_events(filter, page)).await
    }
}
