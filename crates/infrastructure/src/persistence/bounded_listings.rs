//! Lists of which no search takes longer the more there is.
//!
//! PostgreSQL finds what is rare by an index and what is frequent along the key, and guesses which is which. It guesses wrong
//! where what is frequent is not spread evenly, or where many rows have all trigrams of a text but not the text. Rows do not
//! bound that: an index of trigrams gathers all that it has before it gives the first. So each way is tried for a moment, and
//! after that so many rows are looked through along the key, whatever is in them.

mod attempt;
mod windows;

use std::sync::Arc;
use std::time::Duration;

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
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel};
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::Instrument as _;

use crate::persistence::bounded_listings::attempt::Way;
use crate::persistence::connection::{Connection, to_its_end};
use crate::persistence::database::Database;
use crate::persistence::entities::{teams, users};
use crate::persistence::error::fault;
use crate::persistence::listed::{Listed, teams_of, users_of};
use crate::persistence::statement_span::transaction_span;
use crate::persistence::store::Store;

pub use crate::persistence::bounded_listings::windows::SearchWindow;

/// Of so many connections, one may be used for searches.
const SHARE: u32 = 4;

/// How far a search for one page goes.
#[derive(Clone, Copy, Debug)]
pub struct SearchBounds {
    /// How long PostgreSQL may take for the whole page, each of two ways.
    pub patience: Duration,
    /// How many rows along the key one statement looks through after that.
    pub window: u32,
    /// How many such statements there are before the page is answered as it is.
    pub windows: u32,
    /// After how long there is no further one.
    pub longest: Duration,
}

impl Default for SearchBounds {
    fn default() -> Self {
        Self { patience: Duration::from_millis(250), window: 10_000, windows: 10, longest: Duration::from_secs(1) }
    }
}

/// Lists from a database. A page that is searched for may be short, or empty, and go on.
#[derive(Clone, Debug)]
pub struct DatabaseListings {
    database: Database,
    store: Store<Connection<DatabaseConnection>>,
    bounds: SearchBounds,
    turns: Arc<Semaphore>,
}

impl DatabaseListings {
    pub(crate) fn new(database: Database, bounds: SearchBounds) -> Self {
        let store = database.store();
        // Whoever searches leaves connections to all others: a search goes on when its client has left.
        let turns = usize::try_from(database.connections().most / SHARE).unwrap_or_default().max(1);
        Self { database, store, bounds, turns: Arc::new(Semaphore::new(turns)) }
    }

    /// The text, where it is searched for within bounds. SQLite is for as many rows as can be read.
    fn bounded(&self, search: Option<&String>) -> Option<String> {
        search.filter(|_| self.database.backend() == DbBackend::Postgres).cloned()
    }

    /// Goes on to its end when nobody waits any more: a transaction that is dropped while it begins is never ended.
    async fn search<E: Listed>(&self, part: String, page: PageRequest) -> Result<Page<E::Model>, Fault> {
        let listings = self.clone();
        let turn = timeout(self.database.acquire_timeout(), Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_elapsed| Fault::unavailable("searches", "others are under way"))?;
        to_its_end(async move {
            let found = listings.found::<E>(&part, &page).await;
            drop(turn);
            found
        })
        .await
        .map_err(fault)
    }

    async fn found<E: Listed>(&self, part: &str, page: &PageRequest) -> Result<Page<E::Model>, DbErr> {
        for way in [Way::Planned, Way::ByIndex] {
            if let Some(found) = self.attempt::<E>(way, part, page).await? {
                return Ok(found);
            }
        }
        self.look_through::<E>(part, page).await
    }

    async fn begin(&self, isolation: Option<IsolationLevel>) -> Result<Connection<DatabaseTransaction>, DbErr> {
        let span = transaction_span("BEGIN", self.database.backend());
        Ok(self.database.over(self.database.begin_isolated(isolation).instrument(span).await?))
    }
}

#[async_trait]
impl Listings for DatabaseListings {
    async fn users(&self, search: Option<String>, page: &PageRequest) -> Result<Page<User>, Fault> {
        match self.bounded(search.as_ref()) {
            Some(part) => users_of(&self.search::<users::Entity>(part, *page).await?),
            None => self.store.users(search, page).await,
        }
    }

    async fn teams(&self, search: Option<String>, page: &PageRequest) -> Result<Page<Team>, Fault> {
        match self.bounded(search.as_ref()) {
            Some(part) => teams_of(self.search::<teams::Entity>(part, *page).await?),
            None => Listings::teams(&self.store, search, page).await,
        }
    }

    async fn administered(&self, teams: &[TeamId]) -> Result<Vec<TeamId>, Fault> {
        self.store.administered(teams).await
    }

    async fn admins(&self, team: TeamId, limit: u16) -> Result<Vec<Member>, Fault> {
        self.store.admins(team, limit).await
    }

    async fn pending_invitations(&self, team: TeamId, now: OffsetDateTime) -> Result<u64, Fault> {
        self.store.pending_invitations(team, now).await
    }

    async fn audit_events(&self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditEvent>, Fault> {
        self.store.audit_events(filter, page).await
    }
}
