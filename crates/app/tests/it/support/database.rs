//! The database, read from outside.

use std::path::Path;

use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait as _, TryGetable,
};

/// A connection beside the server's.
pub(crate) struct Rows(DatabaseConnection);

impl Rows {
    /// Opens the file of this data folder.
    pub(crate) async fn of_sqlite(data_dir: &Path) -> Self {
        Self::open(&format!("sqlite://{}?mode=rw", data_dir.join("countersign.db").display())).await
    }

    /// Opens the database at this URL, of either kind.
    pub(crate) async fn at(url: &str) -> Self {
        Self::open(url).await
    }

    /// Opens the database at this URL.
    pub(crate) async fn of_postgres(url: &str) -> Self {
        Self::open(url).await
    }

    async fn open(url: &str) -> Self {
        let mut options = ConnectOptions::new(url);
        // What is text in octets is to be read in a dump.
        options.sqlx_logging(false).map_sqlx_postgres_opts(|postgres| postgres.options([("bytea_output", "escape")]));
        Self(Database::connect(options).await.unwrap())
    }

    fn is_sqlite(&self) -> bool {
        self.0.get_database_backend() == DbBackend::Sqlite
    }

    /// Runs a statement; how many rows it touched.
    pub(crate) async fn execute(&self, sql: &str) -> u64 {
        self.0.execute_unprepared(sql).await.unwrap().rows_affected()
    }

    /// The first column of every row.
    pub(crate) async fn column<T: TryGetable>(&self, sql: &str) -> Vec<T> {
        let rows = self.0.query_all_raw(Statement::from_string(self.0.get_database_backend(), sql)).await.unwrap();
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

    /// Whether the file is whole and no row points at none. PostgreSQL sees to both by itself.
    pub(crate) async fn check_integrity(&self) {
        if self.is_sqlite() {
            assert_eq!(self.one::<String>("PRAGMA integrity_check").await, "ok");
            assert_eq!(self.one::<i64>("SELECT COUNT(*) FROM pragma_foreign_key_check").await, 0);
        }
    }

    /// Lets something that happened to an account have happened so many times more.
    pub(crate) async fn repeat_event(&self, times: usize) {
        let (columns, id) = if self.is_sqlite() {
            ("SELECT name FROM pragma_table_info('audit_events') WHERE name <> 'id'", "randomblob(16)")
        } else {
            let columns = "SELECT column_name::text FROM information_schema.columns
                           WHERE table_name = 'audit_events' AND column_name <> 'id'";
            (columns, "gen_random_uuid()")
        };
        let columns = self.column::<String>(columns).await.join(", ");
        self.execute(&format!(
            "WITH RECURSIVE times(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM times WHERE n < {times})
             INSERT INTO audit_events (id, {columns}) SELECT {id}, {columns}
             FROM (SELECT {columns} FROM audit_events WHERE user_id IS NOT NULL LIMIT 1) AS event, times"
        ))
        .await;
    }

    /// Every value of every table as SQL writes it: texts as they are, octets in hex.
    pub(crate) async fn dump(&self) -> String {
        let (tables, columns) = if self.is_sqlite() {
            ("SELECT name FROM sqlite_master WHERE type = 'table'", "SELECT name FROM pragma_table_info('{table}')")
        } else {
            (
                "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()",
                "SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}'",
            )
        };
        let mut dump = String::new();
        for table in self.column::<String>(tables).await {
            let columns: Vec<String> = self.column(&columns.replace("{table}", &table)).await;
            let values: Vec<String> = columns.iter().map(|column| self.written(column)).collect();
            let rows: Vec<String> =
                self.column(&format!("SELECT {} FROM \"{table}\"", values.join(" || ',' || "))).await;
            dump.extend(rows.iter().flat_map(|row| [&table, ": ", row, "\n"]));
        }
        dump
    }
}

/// What the two databases say differently.
impl Rows {
    /// The moment so far from now: `-2 hours`, `+1 hour`.
    pub(crate) fn moment(&self, distance: &str) -> String {
        self.shifted(if self.is_sqlite() { "'now'" } else { "now()" }, distance)
    }

    /// A time moved by so much: `-10 minutes`.
    pub(crate) fn shifted(&self, time: &str, distance: &str) -> String {
        if self.is_sqlite() {
            format!("strftime('%Y-%m-%dT%H:%M:%fZ', {time}, '{distance}')")
        } else {
            format!("date_trunc('milliseconds', {time}) + interval '{distance}'")
        }
    }

    /// Whole seconds from one time to another.
    pub(crate) fn seconds_between(&self, from: &str, to: &str) -> String {
        if self.is_sqlite() {
            format!("CAST(ROUND((julianday({to}) - julianday({from})) * 86400) AS INTEGER)")
        } else {
            format!("EXTRACT(EPOCH FROM {to} - {from})::bigint")
        }
    }

    /// An id.
    pub(crate) fn id(&self, id: &str) -> String {
        if self.is_sqlite() { format!("x'{}'", id.replace('-', "")) } else { format!("'{id}'::uuid") }
    }

    /// 32 octets that nothing else has.
    pub(crate) fn random_digest(&self) -> &'static str {
        if self.is_sqlite() { "randomblob(32)" } else { "sha256(random()::text::bytea)" }
    }

    /// A column as text: ids and octets in hex.
    pub(crate) fn text(&self, column: &str) -> String {
        if self.is_sqlite() {
            format!("CASE typeof({column}) WHEN 'blob' THEN hex({column}) ELSE CAST({column} AS TEXT) END")
        } else {
            format!("to_jsonb({column}) #>> '{{}}'")
        }
    }

    /// A column as SQL writes it.
    fn written(&self, column: &str) -> String {
        if self.is_sqlite() { format!("quote(\"{column}\")") } else { format!("quote_nullable(\"{column}\")") }
    }
}

/// What differs from one machine to another.
impl Rows {
    /// From now on the database's clock is an hour ahead for whoever connects. False where it has none of its own: the
    /// embedded one has this machine's.
    pub(crate) async fn put_clock_an_hour_ahead(&self) -> bool {
        if self.is_sqlite() {
            return false;
        }
        self.execute(
            "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS \
             $$ SELECT pg_catalog.clock_timestamp() + interval '1 hour' $$",
        )
        .await;
        self.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()); END $$",
        )
        .await;
        true
    }
}

/// The tables, in the hands of somebody else: they can be read, and not written.
pub(crate) struct Held(DatabaseTransaction);

impl Held {
    /// Runs a statement in the same transaction.
    pub(crate) async fn execute(&self, sql: &str) {
        self.0.execute_unprepared(sql).await.unwrap();
    }

    /// Gives them back.
    pub(crate) async fn release(self) {
        self.0.rollback().await.unwrap();
    }
}

impl Rows {
    /// Takes what this statement locks. On PostgreSQL only.
    pub(crate) async fn hold_by(&self, sql: &str) -> Held {
        let held = Held(self.0.begin().await.unwrap());
        held.execute(sql).await;
        held
    }

    /// Takes the one write lock of SQLite, or locks of every table against writers.
    pub(crate) async fn hold(&self) -> Held {
        let mode = Some(SqliteTransactionMode::Immediate);
        let options = TransactionOptions { sqlite_transaction_mode: mode, ..TransactionOptions::default() };
        let transaction = self.0.begin_with_options(options).await.unwrap();
        if !self.is_sqlite() {
            let tables: Vec<String> =
                self.column("SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()").await;
            let lock = format!("LOCK TABLE {} IN EXCLUSIVE MODE", tables.join(", "));
            transaction.execute_unprepared(&lock).await.unwrap();
        }
        Held(transaction)
    }
}
