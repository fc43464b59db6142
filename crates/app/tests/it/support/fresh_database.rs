//! A PostgreSQL database of a test's own.

use std::os::unix::fs::MetadataExt as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbErr, Statement};

use crate::support::process;
use crate::support::profile::SECRET_KEY;

/// Keeps tests that start together from making the template twice; any number.
const TEMPLATE_LOCK: i64 = 0x7465_6d70_6c61_7465;

/// A database on the server of the tests. Dropping it drops the database, whoever is connected.
#[derive(Debug)]
pub(crate) struct FreshDatabase {
    server: String,
    name: String,
}

impl FreshDatabase {
    /// One that has the schema already: a copy of a template, which the first to ask makes by the command of the binary.
    pub(crate) async fn migrated(server: &str) -> Self {
        let admin = connect(server).await;
        let template = template_name();
        let fresh = Self::named(server);
        let copy = format!("CREATE DATABASE {} TEMPLATE {template}", fresh.name);
        if admin.execute_unprepared(&copy).await.is_err() {
            // Of a process that had this id and was killed.
            admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", fresh.name)).await.unwrap();
            make_template(&admin, server, &template).await;
            admin.execute_unprepared(&copy).await.unwrap();
        }
        admin.close().await.unwrap();
        fresh
    }

    /// One without anything in it.
    pub(crate) async fn empty(server: &str) -> Self {
        let fresh = Self::named(server);
        let admin = connect(server).await;
        admin.execute_unprepared(&format!("CREATE DATABASE {}", fresh.name)).await.unwrap();
        admin.close().await.unwrap();
        fresh
    }

    pub(crate) fn url(&self) -> String {
        url_of(&self.server, &self.name)
    }

    /// The same on another server, which has it from this one.
    pub(crate) fn url_on(&self, server: &str) -> String {
        url_of(server, &self.name)
    }

    fn named(server: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { server: server.to_owned(), name: format!("countersign_it_{}_{nth}", std::process::id()) }
    }
}

impl Drop for FreshDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A runtime of its own: tests drop their servers inside of one, where nothing may block.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let admin = Database::connect(options(&server)).await?;
                admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
                admin.close().await
            })
        });
        // A server that a test has ended took its databases with it.
        let _outcome: Result<Result<(), DbErr>, _> = dropping.join();
    }
}

fn options(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).acquire_timeout(Duration::from_secs(10)).sqlx_logging(false);
    options
}

async fn connect(url: &str) -> DatabaseConnection {
    Database::connect(options(url)).await.unwrap()
}

/// The URL of another database on the same server.
fn url_of(server: &str, name: &str) -> String {
    let (base, query) =
        server.split_once('?').map_or((server, String::new()), |(base, query)| (base, format!("?{query}")));
    let (base, _) = base.rsplit_once('/').unwrap();
    format!("{base}/{name}{query}")
}

/// A build of the binary has a template of its own, so that none is of an older schema.
fn template_name() -> String {
    let binary = std::fs::metadata(env!("CARGO_BIN_EXE_countersign")).unwrap();
    format!("countersign_template_{:x}_{:x}_{:x}", binary.ino(), binary.mtime(), binary.mtime_nsec())
}

/// Makes it under another name first: whoever finds the template finds it whole.
async fn make_template(admin: &DatabaseConnection, server: &str, template: &str) {
    admin.execute_unprepared(&format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await.unwrap();
    let known = format!("SELECT 1 FROM pg_database WHERE datname = '{template}'");
    let known = Statement::from_string(admin.get_database_backend(), known);
    if admin.query_one_raw(known).await.unwrap().is_none() {
        let raw = format!("{template}_raw");
        admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {raw}")).await.unwrap();
        admin.execute_unprepared(&format!("CREATE DATABASE {raw}")).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let url = url_of(server, &raw);
        let variables = [("DATABASE_URL", url.as_str()), ("COUNTERSIGN__SECRET_KEY", SECRET_KEY)];
        let migrated = process::run(folder.path(), &["migrate", "up"], &variables);
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        // Copying it waits for whoever is connected, such as its vacuuming.
        admin.execute_unprepared(&format!("ALTER DATABASE {raw} ALLOW_CONNECTIONS false")).await.unwrap();
        admin.execute_unprepared(&format!("ALTER DATABASE {raw} RENAME TO {template}")).await.unwrap();
    }
    admin.execute_unprepared(&format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})")).await.unwrap();
}
