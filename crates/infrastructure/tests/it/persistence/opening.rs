//! How a database is opened, and what an outage of the database is to the application.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_application::error::{Fault, WriteError};
use countersign_application::ports::dependency_probe::DependencyProbe as _;
use countersign_application::ports::unit_of_work::UnitOfWorkFactory as _;
use countersign_application::ports::user_repository::UserRepository as _;
use countersign_application::testing::{FixedClock, NOW, user};
use countersign_domain::password::PasswordHash;
use countersign_infrastructure::persistence::{Database, DatabaseOptions};
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};

use crate::persistence::fresh::{empty_sqlite, on_postgres, sqlite};

fn impatient() -> DatabaseOptions {
    DatabaseOptions { acquire_timeout: Duration::from_millis(500), ..DatabaseOptions::default() }
}

#[tokio::test]
async fn the_file_its_log_and_its_index_are_the_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new/data.db");
    let url = format!("sqlite://{}", file.display());
    let database = Database::connect(&url, &DatabaseOptions::default()).await.unwrap();
    database.migrate().await.unwrap();
    for name in ["data.db", "data.db-wal", "data.db-shm"] {
        let mode = file.with_file_name(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert_eq!(file.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    database.close().await.unwrap();
    assert!(!file.with_file_name("data.db-wal").exists(), "closing moves the log into the file");
}

/// Passwords as they are generated, where nobody thought of what they mean in a URL.
#[tokio::test]
async fn a_url_of_which_the_password_ends_early_is_refused_and_not_told() {
    for password in ["hush/hush", "hush?hush", "hush#hush", "5432/hush", "5432?hush", "5432#hush"] {
        for scheme in ["postgres", "postgresql"] {
            let url = format!("{scheme}://user:{password}@127.0.0.1:1/accounts");
            assert!(!Database::is_postgres_url(&url), "{url}");
        }
    }
    for url in ["postgres://user:hush/hush@127.0.0.1:1/accounts", "postgres://h/d?sslmode=hush", "postgres://h:hush/d"]
    {
        let told = format!("{:?}", Database::at(url, &DatabaseOptions::default()).await.unwrap_err());
        assert!(told.contains("its URL cannot be read") && !told.contains("hush"), "{told}");
    }
    for url in [
        "postgres://h/d",
        "postgresql://u:p%2Fw@h:5432/d?sslmode=require",
        "postgres:///d?host=/run/pg",
        "postgres://u:p@w@h/d",
    ] {
        assert!(Database::is_postgres_url(url), "{url}");
    }
    assert!(!Database::is_postgres_url("sqlite://u"));
}

#[tokio::test]
async fn an_orphan_is_refused() {
    let fresh = sqlite().await;
    let session = countersign_application::testing::session(1);
    let refused =
        countersign_application::ports::session_repository::SessionRepository::insert(&fresh.store(), &session).await;
    assert!(matches!(refused, Err(Fault::Internal { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_database_in_memory_works_with_its_one_connection() {
    let database = Database::connect("sqlite::memory:", &DatabaseOptions::default()).await.unwrap();
    database.migrate().await.unwrap();
    let uow = database.units_of_work().begin().await.unwrap();
    uow.users().insert(&user(1), &PasswordHash::new("hash")).await.unwrap();
    uow.commit().await.unwrap();
    assert_eq!(database.store().find_by_id(user(1).id).await.unwrap(), Some(user(1)));
}

#[tokio::test]
async fn the_probe_tells_a_fresh_database_from_a_migrated_one() {
    let fresh = empty_sqlite().await;
    let probe = fresh.database().probe(Arc::new(FixedClock::at(NOW)));
    assert_eq!(probe.name(), "database");
    assert!(probe.check().await.is_err());
    fresh.database().migrate().await.unwrap();
    probe.check().await.unwrap();
    fresh.database().close().await.unwrap();
    assert!(matches!(probe.check().await, Err(Fault::Unavailable { what: "database", .. })));
}

#[tokio::test]
async fn an_unknown_kind_of_database_is_refused() {
    assert!(Database::connect("mysql://localhost/x", &DatabaseOptions::default()).await.is_err());
}

#[tokio::test]
async fn waiting_for_the_turn_to_write_ends_in_an_outage_and_readers_go_on() {
    let fresh = sqlite().await;
    fresh.user(1).await;
    let database = Database::connect(fresh.url(), &impatient()).await.unwrap();
    let held = database.units_of_work().begin().await.unwrap();
    held.users().lock(user(1).id).await.unwrap();
    let asked = Instant::now();
    let second = database.units_of_work().begin().await;
    assert!(matches!(second.err(), Some(Fault::Unavailable { what: "database", .. })));
    let write = database.store().insert(&user(2), &PasswordHash::new("hash")).await;
    assert!(matches!(write, Err(WriteError::Fault(Fault::Unavailable { .. }))), "{write:?}");
    assert!(asked.elapsed() < Duration::from_secs(20));
    assert!(database.store().find_by_id(user(1).id).await.unwrap().is_some());
    drop(held);
    database.store().insert(&user(2), &PasswordHash::new("hash")).await.unwrap();
}

#[tokio::test]
async fn another_process_that_writes_is_waited_for_and_then_an_outage() {
    let fresh = sqlite().await;
    let database = Database::connect(fresh.url(), &impatient()).await.unwrap();
    let other = fresh.raw().await;
    let held = other.begin().await.unwrap();
    held.execute_unprepared("UPDATE users SET epoch = 1").await.unwrap();
    let write = database.store().insert(&user(1), &PasswordHash::new("hash")).await;
    assert!(matches!(write, Err(WriteError::Fault(Fault::Unavailable { .. }))), "{write:?}");
    assert!(matches!(database.units_of_work().begin().await.err(), Some(Fault::Unavailable { .. })));
    held.rollback().await.unwrap();
    database.store().insert(&user(1), &PasswordHash::new("hash")).await.unwrap();
}

#[tokio::test]
async fn a_server_that_takes_connections_and_says_nothing_is_an_outage_in_time() {
    // The system takes them for it.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://nobody@{}/nothing", mute.local_addr().unwrap());
    let options = DatabaseOptions { statement_timeout: Duration::from_mins(1), ..impatient() };
    let database = Database::at(&url, &options).await.unwrap();
    for _ in 0..2 {
        let asked = Instant::now();
        let read = database.store().find_by_id(user(1).id).await;
        assert!(matches!(read, Err(Fault::Unavailable { what: "database", .. })), "{read:?}");
        let begun = database.units_of_work().begin().await;
        assert!(matches!(begun.err(), Some(Fault::Unavailable { what: "database", .. })));
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    }
}

#[tokio::test]
async fn a_full_disk_is_an_outage_that_heals() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/test.db", folder.path().display());
    let options = DatabaseOptions { max_connections: 1, ..DatabaseOptions::default() };
    let database = Database::connect(&url, &options).await.unwrap();
    database.migrate().await.unwrap();
    // One connection, so that its limit on pages is everybody's.
    let limit = async |pages: u32| {
        let store = database.store();
        let pragma =
            sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, format!("PRAGMA max_page_count = {pages}"));
        store.connection().query_one_raw(pragma).await.unwrap();
    };
    limit(1).await;
    let mut full = None;
    for n in 1..2_000 {
        if let Err(error) = database.store().insert(&user(n), &PasswordHash::new("x".repeat(200))).await {
            full = Some((n, error));
            break;
        }
    }
    let (n, error) = full.unwrap();
    assert!(matches!(error, WriteError::Fault(Fault::Unavailable { what: "database", .. })), "{error:?}");
    assert!(database.store().find_by_id(user(1).id).await.unwrap().is_some(), "reads go on");
    limit(1_000_000).await;
    database.store().insert(&user(n), &PasswordHash::new("hash")).await.unwrap();
}

#[tokio::test]
async fn a_unit_of_work_that_the_full_disk_ended_leaves_no_lock_behind() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/test.db", folder.path().display());
    let options = DatabaseOptions { max_connections: 1, ..impatient() };
    let database = Database::connect(&url, &options).await.unwrap();
    database.migrate().await.unwrap();
    let full = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, "PRAGMA max_page_count = 1");
    database.store().connection().query_one_raw(full).await.unwrap();
    let uow = database.units_of_work().begin().await.unwrap();
    let mut refused = false;
    for n in 1..2_000 {
        refused = uow.users().insert(&user(n), &PasswordHash::new("x".repeat(200))).await.is_err();
        if refused {
            break;
        }
    }
    assert!(refused);
    drop(uow);
    for n in 3_000..3_004 {
        let uow = database.units_of_work().begin().await.unwrap();
        uow.users().insert(&user(n), &PasswordHash::new("hash")).await.unwrap();
        if n % 2 == 0 {
            uow.commit().await.unwrap();
        }
    }
    let other = sea_orm::Database::connect(&url).await.unwrap();
    other.execute_unprepared("UPDATE users SET epoch = 1").await.unwrap();
}

#[tokio::test]
async fn a_fault_tells_neither_address_nor_name() {
    let fresh = sqlite().await;
    fresh.user(1).await;
    let mut twin = user(1);
    twin.email = countersign_application::testing::email("secret@example.com");
    let Err(WriteError::Fault(fault)) = fresh.store().insert(&twin, &PasswordHash::new("hash")).await else {
        panic!("the id is taken")
    };
    assert!(!format!("{fault:?}").contains("secret"), "{fault:?}");
}

#[tokio::test]
async fn a_connection_outlives_the_runtime_that_asked_for_it() {
    on_postgres(|fresh| async move {
        // Takes the connection that there is: the other runtime needs a new one, and leaves it behind.
        let held = fresh.begin().await;
        let database = fresh.database().clone();
        let passing = tokio::task::spawn_blocking(move || {
            let passing = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            passing.block_on(async {
                assert_eq!(database.store().find_by_id(user(1).id).await.unwrap(), None);
                while database.connections().idle == 0 {
                    tokio::task::yield_now().await;
                }
            });
        });
        passing.await.unwrap();
        assert_eq!(fresh.store().find_by_id(user(1).id).await.unwrap(), None);
        drop(held);
    })
    .await;
}

#[tokio::test]
async fn no_session_waits_longer_than_is_set_for_a_statement_or_in_a_transaction() {
    on_postgres(|fresh| async move {
        let options = DatabaseOptions {
            statement_timeout: Duration::from_secs(7),
            idle_in_transaction_timeout: Duration::from_secs(11),
            ..DatabaseOptions::default()
        };
        let database = Database::connect(fresh.url(), &options).await.unwrap();
        let store = database.store();
        for (name, set) in [("statement_timeout", "7s"), ("idle_in_transaction_session_timeout", "11s")] {
            let show = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, format!("SHOW {name}"));
            let shown = store.connection().query_one_raw(show).await.unwrap().unwrap();
            assert_eq!(shown.try_get_by_index::<String>(0).unwrap(), set, "{name}");
        }
    })
    .await;
}
