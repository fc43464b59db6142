//! The database file, read from outside.

use std::path::Path;

use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _, TryGetable,
};

/// A connection beside the server's.
pub(crate) struct Rows(DatabaseConnection);

impl Rows {
    /// Opens the database of this data folder.
    pub(crate) async fn open(data_dir: &Path) -> Self {
        let url = format!("sqlite://{}?mode=rw", data_dir.join("countersign.db").display());
        Self(Database::connect(ConnectOptions::new(url)).await.unwrap())
    }

    /// Runs a statement; how many rows it touched.
    pub(crate) async fn execute(&self, sql: &str) -> u64 {
        self.0.execute_unprepared(sql).await.unwrap().rows_affected()
    }

    /// The first column of every row.
    pub(crate) async fn column<T: TryGetable>(&self, sql: &str) -> Vec<T> {
        let rows = self.0.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// The first column of the first row.
    pub(crate) async fn one<T: TryGetable>(&self, sql: &str) -> T {
        self.column(sql).await.into_iter().next().unwrap_or_else(|| panic!("no row for {sql}"))
    }

    /// How many rows a table has.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        self.one(&format!("SELECT COUNT(*) FROM {table}")).await
    }

    /// Every value of every table as SQL writes it: texts as they are, octets in hex.
    pub(crate) async fn dump(&self) -> String {
        let tables: Vec<String> = self.column("SELECT name FROM sqlite_master WHERE type = 'table'").await;
        let mut dump = String::new();
        for table in tables {
            let columns: Vec<String> = self.column(&format!("SELECT name FROM pragma_table_info('{table}')")).await;
            let values: Vec<String> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
            let rows: Vec<String> =
                self.column(&format!("SELECT {} FROM \"{table}\"", values.join(" || ',' || "))).await;
            dump.extend(rows.iter().flat_map(|row| [&table, ": ", row, "\n"]));
        }
        dump
    }
}

/// The one write lock of the database, in the hands of somebody else.
pub(crate) struct Held(DatabaseTransaction);

impl Held {
    /// Gives it back.
    pub(crate) async fn release(self) {
        self.0.rollback().await.unwrap();
    }
}

impl Rows {
    /// Takes the write lock of the database.
    pub(crate) async fn hold(&self) -> Held {
        let mode = Some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode: mode, ..TransactionOptions::default() };
        Held(self.0.begin_with_options(options).await.unwrap())
    }
}
