//! Opening SQLite.

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, absolute};
use std::str::FromStr as _;

use countersign_application::error::Fault;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sea_orm::sqlx::{ConnectOptions as _, Connection as _};
use sea_orm::{DatabaseConnection, SqlxSqliteConnector};

use crate::persistence::database::options::DatabaseOptions;

/// Whether there is a file, or it is a database in memory.
pub(crate) fn exists(url: &str) -> Result<bool, Fault> {
    Ok(is_in_memory(url) || parse(url)?.get_filename().exists())
}

/// The file, or a database in memory: that lives in its one connection, which therefore never ends. No connection is made
/// yet, where the ORM's own way would make one to ask for the version of the library, which is compiled in.
pub(crate) fn open(url: &str, options: &DatabaseOptions) -> Result<DatabaseConnection, Fault> {
    let sqlite = parse(url)?
        .create_if_missing(true)
        .foreign_keys(true)
        // Writers of this process queue; this is for other processes, such as the command line.
        .busy_timeout(options.acquire_timeout)
        // NORMAL loses acknowledged commits when the power goes.
        .synchronous(SqliteSynchronous::Full)
        // What is deleted is overwritten, pages that are free from then on included.
        .pragma("secure_delete", "ON")
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new()
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .max_lifetime(None)
        .idle_timeout(None);
    let pool = if is_in_memory(url) {
        pool.min_connections(1).max_connections(1).connect_lazy_with(sqlite)
    } else {
        create_private(sqlite.get_filename()).map_err(|error| Fault::unavailable("database", error))?;
        let sqlite = sqlite.journal_mode(SqliteJournalMode::Wal);
        let pool = pool.max_connections(options.max_connections).after_release(|connection, _| {
            Box::pin(async move {
                // When the disk is full SQLite ends a transaction by itself. The driver, whose ROLLBACK then fails,
                // believes that it goes on: it would begin the next one as a savepoint, whose rollback leaves the
                // write lock taken for ever. Such a connection is closed. The ping waits for a rollback under way.
                connection.ping().await?;
                Ok(!connection.is_in_transaction())
            })
        });
        pool.connect_lazy_with(sqlite)
    };
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// Its file, from wherever it is looked for.
pub(crate) fn place(options: &SqliteConnectOptions) -> String {
    let file = options.get_filename();
    format!("SQLite {}", absolute(file).unwrap_or_else(|_unknown| file.to_owned()).display())
}

fn is_in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

fn parse(url: &str) -> Result<SqliteConnectOptions, Fault> {
    SqliteConnectOptions::from_str(url).map_err(|error| Fault::internal("database", error))
}

/// Creates the file readable by its owner alone before SQLite does; its log and its index take over the mode.
fn create_private(file: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let file = match OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(file) {
        // What this process may only read is opened all the same: reads go on. On a file system that is read-only
        // they need the log that a crash left beside the file, or `immutable=1`.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && file.exists() => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem && file.exists() => return Ok(()),
        opened => opened?,
    };
    file.set_permissions(Permissions::from_mode(0o600))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sea_orm::sqlx::query_scalar;

    use super::*;

    #[tokio::test]
    async fn every_pooled_connection_has_the_settings_that_keep_promises() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/test.db", folder.path().display());
        let options = DatabaseOptions { acquire_timeout: Duration::from_secs(7), ..DatabaseOptions::default() };
        let opened = open(&url, &options).unwrap();
        let pool = opened.get_sqlite_connection_pool();
        let mut held = Vec::new();
        for n in 1..=options.max_connections {
            let mut connection = pool.acquire().await.unwrap();
            let mut told =
                async |pragma: &'static str| query_scalar::<_, i64>(pragma).fetch_one(&mut *connection).await.unwrap();
            // FULL is 2.
            assert_eq!(told("PRAGMA synchronous").await, 2, "connection {n}");
            assert_eq!(told("PRAGMA foreign_keys").await, 1, "connection {n}");
            assert_eq!(told("PRAGMA busy_timeout").await, 7_000, "connection {n}");
            let mode: String = query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await.unwrap();
            assert_eq!(mode, "wal", "connection {n}");
            // Kept, so that the next one is another.
            held.push(connection);
        }
        assert_eq!(pool.size(), options.max_connections);
    }
}
