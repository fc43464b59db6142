//! Writes that count together or not at all.

use std::time::Duration;

use countersign_application::ports::unit_of_work::UnitOfWorkFactory;
use countersign_application::ports::user_repository::UserRepository as _;
use countersign_application::testing::{origin, user};
use countersign_domain::audit::{AuditEvent, AuditKind};
use countersign_domain::ids::AuditEventId;
use countersign_domain::password::PasswordHash;
use uuid::Uuid;

use crate::persistence::fresh::on_each;

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

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_leave_while_beginning_leave_no_transaction_open() {
    on_each(|fresh| async move {
        let units = fresh.database().units_of_work();
        for n in 0..60_u64 {
            let begin = units.begin();
            let _ = tokio::time::timeout(Duration::from_micros(n * 20), begin).await;
        }
        // A connection left inside a transaction would keep the account to itself, or SQLite's lock.
        for n in 1..=12 {
            fresh.user(n).await;
        }
        let uow = fresh.begin().await;
        uow.users().lock(user(1).id).await.unwrap();
        uow.commit().await.unwrap();
        assert_eq!(fresh.text("SELECT CAST(COUNT(*) AS TEXT) FROM users").await.as_deref(), Some("12"));
    })
    .await;
}
