//! Bringing the schema up to date, and looking at it.

use std::time::{Duration, Instant};

use countersign_application::error::Fault;
use countersign_migration::{MigrationStatus, Migrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, DbErr, Statement, TransactionTrait as _};

use crate::persistence::connection::within;
use crate::persistence::database::Database;
use crate::persistence::error::{fault, is_locked_out};

/// Names the lock that migrating nodes take; any number that nothing else in the database uses.
const MIGRATION_LOCK: i64 = 0x636f_756e_7465_7273;

/// So long a change waits for whoever reads or writes its table. Everybody who comes later waits behind it: the requests
/// of all nodes.
const TABLE_WAIT: Duration = Duration::from_secs(1);
/// For those to be served.
const PAUSE: Duration = Duration::from_secs(2);
const TABLE_IN_USE: &str = "another session holds a table that is to be changed; wait for the end of a backup, or end \
                            what stays in a transaction (pg_stat_activity)";

impl Database {
    /// Applies what is pending, all of it or nothing. Of several nodes that start together one does the work.
    pub async fn migrate(&self) -> Result<(), Fault> {
        // As at nearly every start: found without the lock, for which a node would wait while another one writes.
        if self.status().await?.iter().all(|(_, applied)| *applied) {
            return Ok(());
        }
        self.change(async |transaction| Migrator::up(transaction, None).await).await
    }

    /// Takes back the last `steps` changes, or all of them, with the data in them.
    pub async fn roll_back(&self, steps: Option<u32>) -> Result<(), Fault> {
        self.change(async |transaction| Migrator::down(transaction, steps).await).await
    }

    /// Every known change in order, and whether it is applied. Changes nothing, not even on an empty database.
    pub async fn status(&self) -> Result<Vec<(String, bool)>, Fault> {
        // On one connection.
        let look = async {
            let look = self.pool.begin().await?;
            let migrations = Migrator::get_migration_with_status_read_only(&look).await?;
            look.commit().await?;
            Ok(migrations)
        };
        let migrations = self.soon(look).await?;
        Ok(migrations
            .iter()
            .map(|migration| (migration.name().to_owned(), migration.status() == MigrationStatus::Applied))
            .collect())
    }

    /// Table and column of all that is stored, the record of migrations left out.
    pub async fn columns(&self) -> Result<Vec<(String, String)>, Fault> {
        let sql = if self.backend() == DbBackend::Sqlite {
            "SELECT m.name AS table_name, c.name AS column_name FROM sqlite_master m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name <> 'seaql_migrations' AND m.name NOT LIKE 'sqlite_%' \
             ORDER BY m.name, c.cid"
        } else {
            "SELECT table_name::text AS table_name, column_name::text AS column_name \
             FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name <> 'seaql_migrations' \
             ORDER BY table_name, ordinal_position"
        };
        let rows = self.pool.query_all_raw(Statement::from_string(self.backend(), sql)).await.map_err(fault)?;
        rows.iter()
            .map(|row| Ok((row.try_get("", "table_name")?, row.try_get("", "column_name")?)))
            .collect::<Result<_, DbErr>>()
            .map_err(fault)
    }

    /// Whether what superusers search for is found by indexes. None on SQLite, which has none of the kind.
    pub async fn has_search_indexes(&self) -> Result<Option<bool>, Fault> {
        if self.backend() == DbBackend::Sqlite {
            return Ok(None);
        }
        let sql = "SELECT COUNT(*) = 4 FROM pg_index WHERE indisvalid AND indexrelid IN \
             (to_regclass('ix_users_search'), to_regclass('ix_users_search_beginnings'), \
              to_regclass('ix_teams_search'), to_regclass('ix_teams_search_beginnings'))";
        let row = self.soon(self.pool.query_one_raw(Statement::from_string(self.backend(), sql))).await?;
        row.map(|row| row.try_get_by_index(0)).transpose().map_err(fault)
    }

    /// That of the server. None on SQLite, which is built in.
    pub async fn server_version(&self) -> Result<Option<String>, Fault> {
        if self.backend() == DbBackend::Sqlite {
            return Ok(None);
        }
        let sql = "SELECT current_setting('server_version')";
        let row = self.soon(self.pool.query_one_raw(Statement::from_string(self.backend(), sql))).await?;
        row.map(|row| row.try_get_by_index(0)).transpose().map_err(fault)
    }

    /// Within what a connection and an answer may take: nobody is told of a line that leads nowhere any more.
    async fn soon<T>(&self, answer: impl Future<Output = Result<T, DbErr>> + Send) -> Result<T, Fault> {
        let asking = self.home.run(answer);
        within(self.options.acquire_timeout + self.options.statement_timeout, asking).await.map_err(fault)
    }

    /// Makes way for whoever uses a table that is to be changed, and comes again.
    async fn change<F>(&self, change: F) -> Result<(), Fault>
    where
        F: AsyncFn(&DatabaseTransaction) -> Result<(), DbErr>,
    {
        let began = Instant::now();
        let mut told = false;
        loop {
            let transaction = self.begin_migration().await.map_err(fault)?;
            let Err(error) = change(&transaction).await else { return transaction.commit().await.map_err(fault) };
            // Taken back with it, also where its connection is lost: why is told by what failed.
            drop(transaction);
            if !is_locked_out(&error) {
                return Err(fault(error));
            }
            if began.elapsed() >= self.options.migration_patience {
                return Err(Fault::unavailable("database", TABLE_IN_USE));
            }
            if !std::mem::replace(&mut told, true) {
                tracing::warn!(
                    patience_s = self.options.migration_patience.as_secs(),
                    "the change of the schema waits: {TABLE_IN_USE}"
                );
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The migrator takes no lock of its own. SQLite's transaction is one; PostgreSQL gets one that ends with it.
    async fn begin_migration(&self) -> Result<DatabaseTransaction, DbErr> {
        let transaction = self.begin().await?;
        if self.backend() == DbBackend::Postgres {
            transaction.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
            transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
            let wait = TABLE_WAIT.as_millis();
            transaction.execute_unprepared(&format!("SET LOCAL lock_timeout = {wait}")).await?;
        }
        Ok(transaction)
    }
}
