//! Opening the database, and all that is handed out of it.

mod options;
mod postgres;
mod reaching;
mod schema;
mod sqlite;

use std::sync::Arc;
use std::time::Duration;

use countersign_application::error::Fault;
use countersign_application::ports::clock::Clock;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, SqliteTransactionMode,
    TransactionOptions, TransactionTrait as _,
};

use crate::home_runtime::HomeRuntime;
use crate::persistence::bounded_listings::{DatabaseListings, SearchBounds};
use crate::persistence::clock_probe::ClockProbe;
use crate::persistence::connection::{Connection, within};
use crate::persistence::error::fault;
use crate::persistence::probe::DatabaseProbe;
use crate::persistence::remains::Rewriting;
use crate::persistence::statement_counter::StatementCounter;
use crate::persistence::store::Store;
use crate::persistence::unit_of_work::DatabaseUnitOfWorkFactory;
use crate::persistence::write_queue::{Turn, WriteQueue};

pub use crate::persistence::database::options::DatabaseOptions;

/// Whoever stops the process waits for it (docs/operations.md).
const CLOSING: Duration = Duration::from_secs(5);

async fn open(url: &str, options: &DatabaseOptions) -> Result<DatabaseConnection, Fault> {
    if url.starts_with("sqlite:") {
        sqlite::open(url, options)
    } else if is_postgres(url) {
        postgres::open(url, options).await
    } else {
        Err(Fault::internal("database", "the URL must start with sqlite: or postgres:"))
    }
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// Connections of the pool; a gauge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// In use.
    pub busy: u32,
    /// Waiting for use.
    pub idle: u32,
    /// How many there may be.
    pub most: u32,
}

/// An open database. Clones share the pool, the queue of writers and the counter.
#[derive(Clone, Debug)]
pub struct Database {
    pool: DatabaseConnection,
    options: DatabaseOptions,
    writes: Option<WriteQueue>,
    counter: StatementCounter,
    rewriting: Rewriting,
    home: HomeRuntime,
}

impl Database {
    /// Whether there is something at this URL to open; opens and makes nothing. Of PostgreSQL only opening it can tell.
    pub fn exists(url: &str) -> Result<bool, Fault> {
        if url.starts_with("sqlite:") { sqlite::exists(url) } else { Ok(true) }
    }

    /// Whether this is a URL of PostgreSQL that can be read, and that nobody meant otherwise; no connection is made.
    pub fn is_postgres_url(url: &str) -> bool {
        is_postgres(url) && postgres::is_url(url)
    }

    /// Opens `sqlite://…` (created if missing, readable by its owner alone), `sqlite::memory:` (for tests, one
    /// connection), or `postgres://…`. The schema is left as it is: see [`Self::migrate`].
    pub async fn connect(url: &str, options: &DatabaseOptions) -> Result<Self, Fault> {
        let database = Self::at(url, options).await?;
        database.reach().await?;
        Ok(database)
    }

    /// The database at this URL, to which no connection is made before it is needed: there is time to do something
    /// else until [`Self::reach`] is through. Connections are of the runtime that calls this, whoever opens them later.
    pub async fn at(url: &str, options: &DatabaseOptions) -> Result<Self, Fault> {
        let pool = open(url, options).await?;
        let writes =
            (pool.get_database_backend() == DbBackend::Sqlite).then(|| WriteQueue::new(options.acquire_timeout));
        // SQLite has no sockets, but threads of its own.
        let home = if writes.is_some() { HomeRuntime::any() } else { HomeRuntime::current() };
        let (counter, rewriting) = (StatementCounter::default(), Rewriting::default());
        Ok(Self { pool, options: options.clone(), writes, counter, rewriting, home })
    }

    /// What implements the repositories and the housekeeping, each call on its own.
    pub fn store(&self) -> Store<Connection<DatabaseConnection>> {
        Store::over(Connection::new(
            self.pool.clone(),
            self.counter.clone(),
            self.writes.clone(),
            self.options.statement_timeout,
            self.home.clone(),
        ))
    }

    /// Lists that people look at.
    pub fn listings(&self) -> DatabaseListings {
        self.listings_within(SearchBounds::default())
    }

    /// The same with other bounds of a search.
    pub fn listings_within(&self, bounds: SearchBounds) -> DatabaseListings {
        DatabaseListings::new(self.clone(), bounds)
    }

    /// What begins units of work.
    pub fn units_of_work(&self) -> DatabaseUnitOfWorkFactory {
        DatabaseUnitOfWorkFactory::new(self.clone())
    }

    /// What tells whether the database is there, migrated, and of the same time as this node.
    pub fn probe(&self, clock: Arc<dyn Clock>) -> DatabaseProbe {
        DatabaseProbe::new(self.clone(), clock)
    }

    /// What tells whether this node's clock is that of the database.
    pub fn clock_probe(&self, clock: Arc<dyn Clock>) -> ClockProbe {
        ClockProbe::new(self.clone(), clock)
    }

    pub(crate) const fn acquire_timeout(&self) -> Duration {
        self.options.acquire_timeout
    }

    /// Where it is, for whoever runs the service: of a server host, port and name, without user and password.
    pub fn place(&self) -> String {
        match self.sqlite_options() {
            Some(sqlite) => sqlite::place(&sqlite),
            None => postgres::place(&self.pool.get_postgres_connection_pool().connect_options()),
        }
    }

    /// Connections of the pool: busy and idle.
    pub fn connections(&self) -> Connections {
        let (open, idle, most) = if self.backend() == DbBackend::Sqlite {
            let pool = self.pool.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle(), pool.options().get_max_connections())
        } else {
            let pool = self.pool.get_postgres_connection_pool();
            (pool.size(), pool.num_idle(), pool.options().get_max_connections())
        };
        let idle = u32::try_from(idle).unwrap_or(u32::MAX).min(open);
        Connections { busy: open - idle, idle, most }
    }

    /// What counts statements and commits.
    pub const fn statements(&self) -> &StatementCounter {
        &self.counter
    }

    /// Closes every connection. On SQLite the last one moves the write-ahead log into the database; a server that hangs is
    /// waited for no longer than five seconds.
    pub async fn close(&self) -> Result<(), Fault> {
        let closed = self.pool.clone().close();
        let closed = if self.backend() == DbBackend::Sqlite { closed.await } else { within(CLOSING, closed).await };
        closed.map_err(fault)
    }

    /// Waits for the turn to write, on SQLite.
    pub(crate) async fn enter(&self) -> Result<Option<Turn>, DbErr> {
        match &self.writes {
            Some(writes) => writes.enter().await.map(Some),
            None => Ok(None),
        }
    }

    /// Begins a transaction. On SQLite it takes the write lock at once: one that starts by reading and writes later
    /// fails when another has written in between, however long it may wait.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.begin_isolated(None).await
    }

    /// The same, isolated so from what others write meanwhile; that is of PostgreSQL alone.
    pub(crate) async fn begin_isolated(
        &self,
        isolation_level: Option<IsolationLevel>,
    ) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            isolation_level,
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.begin_with(options).await
    }

    /// The same in any other way.
    pub(crate) async fn begin_with(&self, options: TransactionOptions) -> Result<DatabaseTransaction, DbErr> {
        let begun = self.home.run(self.pool.begin_with_options(options));
        within(self.options.acquire_timeout + self.options.statement_timeout, begun).await
    }

    pub(crate) fn over(&self, transaction: DatabaseTransaction) -> Connection<DatabaseTransaction> {
        let (counter, home) = (self.counter.clone(), self.home.clone());
        Connection::new(transaction, counter, None, self.options.statement_timeout, home)
    }

    /// How connections to SQLite are made, if that is what it is.
    pub(crate) fn sqlite_options(&self) -> Option<SqliteConnectOptions> {
        (self.backend() == DbBackend::Sqlite)
            .then(|| self.pool.get_sqlite_connection_pool().connect_options().as_ref().clone())
    }

    /// How long a statement may take.
    pub(crate) const fn statement_timeout(&self) -> Duration {
        self.options.statement_timeout
    }

    /// When it is written anew.
    pub(crate) const fn rewriting(&self) -> &Rewriting {
        &self.rewriting
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }
}
