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
use time::OffsetDateTime;

use crate::persistence::bounded_listings::DatabaseListings;
use crate::persistence::replica::{Replica, Standing};

/// Lists that are as old as the replica, at most as old as it may be. What is asked of teams that are named comes from the
/// primary: a superuser looks at it right after changing it.
#[derive(Debug)]
pub struct ReplicatedListings {
    replica: Replica,
    there: DatabaseListings,
    here: DatabaseListings,
}

impl ReplicatedListings {
    pub(crate) fn new(replica: Replica) -> Self {
        // A rate can only be told from a first value on.
        for source in ["replica", "primary"] {
            counter!("countersign_replica_reads_total", "source" => source).increment(0);
        }
        let (there, here) = (replica.follower.listings(), replica.primary.listings());
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
        self.here.administered(teams).await
    }

    async fn admins(&self, team: TeamId, limit: u16) -> Result<Vec<Member>, Fault> {
        self.here.admins(team, limit).await
    }

    async fn pending_invitations(&self, team: TeamId, now: OffsetDateTime) -> Result<u64, Fault> {
        self.here.pending_invitations(team, now).await
    }

    async fn audit_events(&self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditEvent>, Fault> {
        self.read(self.there.audit_events(filter, page), self.here.audit_events(filter, page)).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use countersign_application::ports::membership_repository::MembershipRepository;
    use countersign_application::ports::team_repository::TeamRepository;
    use countersign_application::ports::user_repository::UserRepository;
    use countersign_application::testing::{NOW, membership, team, user};
    use countersign_domain::password::PasswordHash;
    use countersign_domain::team::role::Role;

    use super::*;
    use crate::persistence::database::{Database, DatabaseOptions};

    async fn empty() -> Database {
        let database = Database::connect("sqlite::memory:", &DatabaseOptions::default()).await.unwrap();
        database.migrate().await.unwrap();
        database
    }

    #[tokio::test]
    async fn a_team_that_is_named_is_as_it_is_while_lists_are_as_old_as_the_replica() {
        let (primary, follower) = (empty().await, empty().await);
        let (store, page) = (primary.store(), PageRequest::first(10));
        UserRepository::insert(&store, &user(1), &PasswordHash::new("hash")).await.unwrap();
        TeamRepository::insert(&store, &team(1)).await.unwrap();
        MembershipRepository::insert(&store, &membership(1, Role::Admin)).await.unwrap();
        let replica = Replica::new(primary, follower, Duration::from_secs(10));
        replica.take_up();
        let listings = replica.listings();
        assert_eq!(listings.users(None, &page).await.unwrap().items, []);
        assert_eq!(listings.teams(None, &page).await.unwrap().items, []);
        assert_eq!(listings.administered(&[team(1).id]).await.unwrap(), [team(1).id]);
        assert_eq!(listings.admins(team(1).id, 50).await.unwrap().len(), 1);
        assert_eq!(listings.pending_invitations(team(1).id, NOW).await.unwrap(), 0);
    }
}
