//! Writes that count together or not at all.

use std::future::Future;
use std::task::Poll;
use std::time::Duration;

use countersign_application::ports::erasures::Erasures as _;
use countersign_application::ports::unit_of_work::UnitOfWorkFactory;
use countersign_application::ports::user_repository::UserRepository as _;
use countersign_application::testing::{NOW, origin, user, user_id};
use countersign_domain::audit::{AuditEvent, AuditKind};
use countersign_domain::ids::AuditEventId;
use countersign_domain::password::PasswordHash;
use countersign_infrastructure::persistence::{Database, DatabaseOptions};
use sea_orm::ConnectionTrait as _;
use uuid::Uuid;

use crate::persistence::fresh::{Fresh, on_each, sqlite};

#[tokio::test]
async fn what_is_committed_counts_together() {
    on_each(|fresh| async move {
        let units: &dyn UnitOfWorkFactory = &fresh.database().units_of_work();
        let uow = units.begin().await.unwrap();
        uow.users().insert(&user(1), &PasswordHash::new("hash")).await.unwrap();
        let id = AuditEventId::new(Uuid::from_u128(1));
        let event = AuditEvent::new(id, AuditKind::Registered, &origin(), user(1).created_at);
        uow.audit().append(&event).await.unwrap();
        assert_eq!(fresh.store().find_by_id(user(1).id).await.unwrap(), None, "not before the commit");
        uow.commit().await.unwrap();
        assert_eq!(fresh.store().find_by_id(user(1).id).await.unwrap(), Some(user(1)));
        assert_eq!(fresh.database().statements().commits(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_dropped_never_happened_and_blocks_nobody() {
    on_each(|fresh| async move {
        let units: &dyn UnitOfWorkFactory = &fresh.database().units_of_work();
        for _ in 0..20 {
            let uow = units.begin().await.unwrap();
            uow.users().insert(&user(1), &PasswordHash::new("hash")).await.unwrap();
            drop(uow);
        }
        assert_eq!(fresh.store().find_by_id(user(1).id).await.unwrap(), None);
        fresh.user(1).await;
    })
    .await;
}

#[tokio::test]
async fn a_conflict_leaves_earlier_writes_uncommitted() {
    on_each(|fresh| async move {
        fresh.user(1).await;
        let uow = fresh.begin().await;
        uow.users().insert(&user(2), &PasswordHash::new("hash")).await.unwrap();
        let mut twin = user(3);
        twin.email = user(1).email;
        assert!(uow.users().insert(&twin, &PasswordHash::new("hash")).await.is_err());
        drop(uow);
        assert_eq!(fresh.store().find_by_id(user(2).id).await.unwrap(), None);
    })
    .await;
}

/// Polls so many times, or until it is ready, and then drops it: a caller that leaves half way.
async fn leave_after<F: Future>(polls: u32, future: F) {
    let mut future = std::pin::pin!(future);
    let mut polled = 0;
    std::future::poll_fn(|context| {
        polled += 1;
        let outcome = future.as_mut().poll(context).map(drop);
        if polled == polls { Poll::Ready(()) } else { outcome }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_leave_while_beginning_leave_no_transaction_open() {
    on_each(|fresh| async move {
        // Two connections: one that was left inside a transaction comes up again at once.
        let options =
            DatabaseOptions { max_connections: 2, acquire_timeout: Duration::from_secs(5), ..Default::default() };
        let database = Database::connect(fresh.url(), &options).await.unwrap();
        for n in 1..=60 {
            leave_after(1 + n % 3, database.units_of_work().begin()).await;
            let account = user(u64::from(n));
            database.store().insert(&account, &PasswordHash::new("hash")).await.unwrap();
            // Another connection sees only what is not inside a transaction of the first.
            assert_eq!(fresh.store().find_by_id(account.id).await.unwrap(), Some(account), "{n}");
        }
    })
    .await;
}

/// A SQLite on which a noted erasure takes longer than its deadline.
async fn slow() -> (Fresh, Database) {
    let fresh = sqlite().await;
    let raw = fresh.raw().await;
    let count =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT max(i) FROM n";
    raw.execute_unprepared(&format!("CREATE VIEW slow AS {count}")).await.unwrap();
    let trigger = "CREATE TRIGGER tr_slow BEFORE INSERT ON erasures BEGIN SELECT * FROM slow; END";
    raw.execute_unprepared(trigger).await.unwrap();
    raw.close().await.unwrap();
    let options = DatabaseOptions {
        acquire_timeout: Duration::from_millis(100),
        statement_timeout: Duration::from_millis(50),
        ..DatabaseOptions::default()
    };
    let database = Database::connect(fresh.url(), &options).await.unwrap();
    (fresh, database)
}

/// Whoever writes next waits for its turn, and is told so; it meets no locked database. Once the statement has ended, it
/// is served.
async fn assert_turn_is_kept(database: &Database) {
    let mut refusals = 0;
    while let Err(refused) = database.units_of_work().begin().await {
        let cause = std::error::Error::source(&refused).unwrap().to_string();
        assert!(!cause.contains("locked"), "{cause}");
        refusals += 1;
        assert!(refusals < 1_000, "{cause}");
    }
    assert!(refusals > 0, "the statement was over too soon for this test");
}

#[tokio::test]
async fn a_statement_of_sqlite_that_nobody_waits_for_keeps_its_turn_until_it_has_ended() {
    let (_fresh, database) = slow().await;
    database.store().note(user_id(1), NOW).await.unwrap_err();
    assert_turn_is_kept(&database).await;
}

#[tokio::test]
async fn a_unit_of_work_of_sqlite_keeps_its_turn_until_it_is_rolled_back() {
    let (_fresh, database) = slow().await;
    let uow = database.units_of_work().begin().await.unwrap();
    uow.erasures().note(user_id(1), NOW).await.unwrap_err();
    drop(uow);
    assert_turn_is_kept(&database).await;
    assert_eq!(database.store().list_noted(NOW, 1).await.unwrap(), []);
}
