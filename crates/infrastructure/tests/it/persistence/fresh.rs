//! A migrated database of its own for each test.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use countersign_application::ports::membership_repository::MembershipRepository;
use countersign_application::ports::session_repository::SessionRepository;
use countersign_application::ports::team_repository::TeamRepository;
use countersign_application::ports::unit_of_work::{UnitOfWork, UnitOfWorkFactory as _};
use countersign_application::ports::user_repository::UserRepository;
use countersign_application::testing;
use countersign_domain::password::PasswordHash;
use countersign_domain::session::Session;
use countersign_domain::team::Team;
use countersign_domain::team::membership::Membership;
use countersign_domain::team::role::Role;
use countersign_domain::user::User;
use countersign_infrastructure::persistence::{Connection, Database, DatabaseOptions, Store};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use tempfile::TempDir;

/// A database and, of SQLite, the folder that goes with it.
pub(crate) struct Fresh {
    database: Database,
    url: String,
    _folder: Option<TempDir>,
}

// Methods, not fields: a block that captured a field alone would let the folder go.
impl Fresh {
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn store(&self) -> Store<Connection<DatabaseConnection>> {
        self.database.store()
    }

    pub(crate) async fn begin(&self) -> Box<dyn UnitOfWork> {
        self.database.units_of_work().begin().await.unwrap()
    }

    /// Stores the n-th account of the fixtures.
    pub(crate) async fn user(&self, n: u64) -> User {
        let user = testing::user(n);
        UserRepository::insert(&self.store(), &user, &PasswordHash::new("hash")).await.unwrap();
        user
    }

    /// Stores the n-th session of the fixtures; its account must be there.
    pub(crate) async fn session(&self, n: u64) -> Session {
        let session = testing::session(n);
        SessionRepository::insert(&self.store(), &session).await.unwrap();
        session
    }

    /// Stores the n-th team of the fixtures, created by nobody who is left.
    pub(crate) async fn team(&self, n: u64) -> Team {
        let team = Team { created_by: None, ..testing::team(n) };
        TeamRepository::insert(&self.store(), &team).await.unwrap();
        team
    }

    /// Makes the n-th account an active member of that team.
    pub(crate) async fn member(&self, n: u64, team: &Team, role: Role) -> Membership {
        let membership = Membership { team_id: team.id, ..testing::membership(n, role) };
        MembershipRepository::insert(&self.store(), &membership).await.unwrap();
        membership
    }

    /// A connection that knows nothing of the service: another writer.
    pub(crate) async fn raw(&self) -> DatabaseConnection {
        sea_orm::Database::connect(&self.url).await.unwrap()
    }

    /// What one column of one row says, as text.
    pub(crate) async fn text(&self, sql: &str) -> Option<String> {
        let raw = self.raw().await;
        let row = raw.query_one_raw(Statement::from_string(raw.get_database_backend(), sql)).await.unwrap();
        row.and_then(|row| row.try_get_by_index::<Option<String>>(0).unwrap())
    }
}

/// Tests share a machine with each other; what they assert is not its speed.
pub(crate) fn patient() -> DatabaseOptions {
    let bound = Duration::from_mins(1);
    DatabaseOptions { acquire_timeout: bound, statement_timeout: bound, ..DatabaseOptions::default() }
}

/// Runs the test on SQLite and, where `TEST_DATABASE_URL` names a server, on PostgreSQL.
pub(crate) async fn on_each<F: Future<Output = ()>>(test: impl Fn(Fresh) -> F) {
    println!("on SQLite");
    test(sqlite().await).await;
    on_postgres(test).await;
}

/// Runs the test on each, and on a PostgreSQL that knows the letters of Unicode: the tests' own may know ASCII alone.
pub(crate) async fn on_each_and_in_unicode<F: Future<Output = ()>>(test: impl Fn(Fresh) -> F) {
    on_each(&test).await;
    if let Some(server) = postgres_server() {
        println!("on PostgreSQL, in Unicode");
        let fresh = postgres_of(&server, "TEMPLATE template0 ENCODING 'UTF8' LC_CTYPE 'C.UTF-8' LC_COLLATE 'C'").await;
        fresh.database.migrate().await.unwrap();
        test(fresh).await;
    }
}

/// Runs the test on PostgreSQL, where `TEST_DATABASE_URL` names a server: what SQLite has no part in.
pub(crate) async fn on_postgres<F: Future<Output = ()>>(test: impl Fn(Fresh) -> F) {
    if let Some(server) = postgres_server() {
        println!("on PostgreSQL");
        test(postgres(&server).await).await;
    } else {
        println!("NOT on PostgreSQL: TEST_DATABASE_URL names no server");
    }
}

/// A migrated SQLite file.
pub(crate) async fn sqlite() -> Fresh {
    let fresh = empty_sqlite().await;
    fresh.database.migrate().await.unwrap();
    fresh
}

/// A SQLite file without a schema.
pub(crate) async fn empty_sqlite() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/test.db", folder.path().display());
    let database = Database::connect(&url, &patient()).await.unwrap();
    Fresh { database, url, _folder: Some(folder) }
}

/// A PostgreSQL database without a schema, where there is a server.
pub(crate) async fn empty_on_postgres<F: Future<Output = ()>>(test: impl Fn(Fresh) -> F) {
    if let Some(server) = postgres_server() {
        test(empty_postgres(&server).await).await;
    }
}

/// Every kind of database without a schema.
pub(crate) async fn empty_on_each<F: Future<Output = ()>>(test: impl Fn(Fresh) -> F) {
    test(empty_sqlite().await).await;
    if let Some(server) = postgres_server() {
        test(empty_postgres(&server).await).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "how a test finds the server that it may use")]
fn postgres_server() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok().filter(|url| url.starts_with("postgres"))
}

async fn postgres(server: &str) -> Fresh {
    let fresh = empty_postgres(server).await;
    fresh.database.migrate().await.unwrap();
    fresh
}

async fn empty_postgres(server: &str) -> Fresh {
    postgres_of(server, "").await
}

async fn postgres_of(server: &str, kind: &str) -> Fresh {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let admin = sea_orm::Database::connect(server).await.unwrap();
    assert_eq!(admin.get_database_backend(), DbBackend::Postgres);
    admin.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.unwrap();
    admin.execute_unprepared(&format!("CREATE DATABASE {name} {kind}")).await.unwrap();
    admin.close().await.unwrap();
    let (base, query) = server.split_once('?').map_or((server, String::new()), |(b, q)| (b, format!("?{q}")));
    let (base, _) = base.rsplit_once('/').unwrap();
    let url = format!("{base}/{name}{query}");
    let database = Database::connect(&url, &patient()).await.unwrap();
    Fresh { database, url, _folder: None }
}
