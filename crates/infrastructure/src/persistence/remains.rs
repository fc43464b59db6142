//! What deleting leaves in the files of SQLite. With `secure_delete`, which every connection has, it overwrites what it
//! deletes. That is not all: the write-ahead log keeps what was written before, and a row that was moved to another page
//! may be left in the free space of its former one. PostgreSQL has housekeeping of its own.

mod rewriting;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::remains::{Depth, Remains};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, SqlxSqliteConnector, Statement};
use time::OffsetDateTime;

use crate::persistence::connection::to_its_end;
use crate::persistence::database::Database;
use crate::persistence::error::{fault, is_outage};
pub(crate) use crate::persistence::remains::rewriting::Rewriting;

/// Longest wait for those who read, during which nobody else can write.
const PATIENCE: Duration = Duration::from_millis(100);
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(300);
/// Largest database that is written anew, in memory, which takes some 300 ms without another writer.
const REWRITTEN: u64 = 32 * 1024 * 1024;

#[async_trait]
impl Remains for Database {
    async fn clear(&self, depth: Depth, now: OffsetDateTime) -> Result<(), Fault> {
        let Some(options) = self.sqlite_options() else { return Ok(()) };
        let file = options.get_filename().to_owned();
        // One in memory has none.
        if !file.exists() {
            return Ok(());
        }
        if depth == Depth::Database {
            self.rewriting().owe();
        }
        // A connection of its own: its patience is another, and what it caches is of no use to anybody.
        let aside = aside(options);
        let cleared = self.clear_by(&aside, file, now).await;
        if let Err(error) = aside.close().await {
            tracing::debug!(error = &error as &dyn std::error::Error, "a connection was not closed in order");
        }
        cleared.map_err(fault)
    }
}

impl Database {
    async fn clear_by(&self, aside: &DatabaseConnection, file: PathBuf, now: OffsetDateTime) -> Result<(), DbErr> {
        // The most of it needs no turn.
        checkpoint(aside, "PASSIVE").await?;
        for _ in 0..ATTEMPTS {
            let turn = self.enter().await?;
            let (connection, file, rewriting) = (aside.clone(), file.clone(), self.rewriting().clone());
            let cleared = to_its_end(async move {
                if rewriting.is_due(now) && rewrite(&connection, &file).await? {
                    rewriting.done(now);
                }
                let cleared = checkpoint(&connection, "TRUNCATE").await?;
                drop(turn);
                Ok(cleared && !rewriting.is_due(now))
            });
            if cleared.await? {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        tracing::warn!(
            "what was deleted can still be read from the files of the database, which something else is using; the \
             next round clears it"
        );
        Ok(())
    }
}

fn aside(options: SqliteConnectOptions) -> DatabaseConnection {
    let options = options.busy_timeout(PATIENCE).pragma("temp_store", "MEMORY");
    let pool = SqlitePoolOptions::new().max_connections(1).connect_lazy_with(options);
    SqlxSqliteConnector::from_sqlx_sqlite_pool(pool)
}

/// Writes the database anew, without what is left in its free space. Says whether that is done, or too much to do.
async fn rewrite(connection: &DatabaseConnection, file: &Path) -> Result<bool, DbErr> {
    if file.metadata().is_ok_and(|file| file.len() > REWRITTEN) {
        return Ok(true);
    }
    match connection.execute_unprepared("VACUUM").await {
        Ok(_) => Ok(true),
        Err(error) if is_outage(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Moves the log into the database. Says whether all of it is there and, of `TRUNCATE`, the log is empty.
async fn checkpoint(connection: &DatabaseConnection, mode: &str) -> Result<bool, DbErr> {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    let busy: i32 = row.ok_or_else(|| DbErr::Custom("no word of the checkpoint".to_owned()))?.try_get_by_index(0)?;
    Ok(busy == 0)
}
