//! Erasing what the audit trail tells about deleted accounts.

use countersign_application::ports::audit_log::{AuditFilter, AuditLog};
use countersign_application::ports::erasures::{Erasures, WATCH};
use countersign_application::testing::{NOW, origin, user_id};
use countersign_domain::audit::{AuditEvent, AuditKind};
use countersign_domain::ids::AuditEventId;
use countersign_domain::page::PageRequest;
use time::Duration;
use uuid::Uuid;

use crate::persistence::fresh::{Fresh, on_each};

fn event(n: u128) -> AuditEvent {
    AuditEvent::new(AuditEventId::new(Uuid::from_u128(n)), AuditKind::RoleChanged, &origin(), NOW)
}

/// Ids of the events that still say from where.
async fn traceable(fresh: &Fresh) -> Vec<u128> {
    let page = fresh.store().list(&AuditFilter::default(), &PageRequest::first(200)).await.unwrap();
    let traced = page.items.iter().filter(|event| event.network.is_some() || event.user_agent.is_some());
    traced.map(|event| event.id.as_uuid().as_u128()).collect()
}

#[tokio::test]
async fn network_and_program_go_of_the_account_alone_and_the_ids_stay() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let erasures: &dyn Erasures = &store;
        let later = NOW + Duration::minutes(1);
        let events = [
            event(1).by(user_id(1)).about(user_id(1)),
            event(2).by(user_id(2)).about(user_id(1)),
            event(3),
            event(4).by(user_id(2)).about(user_id(3)),
            event(5).about(user_id(1)),
            // Who deleted the account stays known.
            AuditEvent { at: later, ..event(6).by(user_id(2)).about(user_id(1)) },
            // A request of the account that ended late.
            AuditEvent { at: later, ..event(7).by(user_id(1)) },
        ];
        for event in &events {
            store.append(event).await.unwrap();
        }
        assert!(erasures.erase(user_id(1), 1, NOW).await.unwrap(), "nothing was noted");
        assert_eq!(traceable(&fresh).await.len(), 7);
        erasures.note(user_id(1), later).await.unwrap();
        erasures.note(user_id(1), NOW).await.unwrap();
        assert_eq!(erasures.list_noted(later, 10).await.unwrap(), [user_id(1)]);
        assert!(erasures.erase(user_id(1), 1, later).await.unwrap());
        assert_eq!(traceable(&fresh).await, [6, 4, 3]);
        assert_eq!(erasures.list_noted(later, 10).await.unwrap(), []);
        let left = store.list(&AuditFilter::default(), &PageRequest::first(50)).await.unwrap();
        let ids: Vec<_> = left.items.iter().rev().map(|event| (event.actor_id, event.user_id)).collect();
        assert_eq!(ids, events.map(|event| (event.actor_id, event.user_id)));
    })
    .await;
}

#[tokio::test]
async fn more_than_fits_is_erased_batch_by_batch_and_goes_on_where_it_was_left() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let uow = fresh.begin().await;
        for n in 0..2_500 {
            let event = if n % 2 == 0 { event(n).by(user_id(1)) } else { event(n).about(user_id(1)) };
            uow.audit().append(&event).await.unwrap();
        }
        for n in 2_500..3_600 {
            uow.audit().append(&event(n).by(user_id(1)).about(user_id(1))).await.unwrap();
        }
        uow.audit().append(&event(9_000).by(user_id(2))).await.unwrap();
        uow.erasures().note(user_id(1), NOW).await.unwrap();
        uow.commit().await.unwrap();
        let count = || fresh.text("SELECT CAST(COUNT(*) AS TEXT) FROM audit_events WHERE network IS NOT NULL");
        assert!(!store.erase(user_id(1), 1, NOW).await.unwrap());
        let left: u64 = count().await.unwrap().parse().unwrap();
        assert!((1_000..3_600).contains(&left), "{left} left after one batch");
        assert!(!store.erase(user_id(1), 1, NOW).await.unwrap());
        let then: u64 = count().await.unwrap().parse().unwrap();
        assert!(then < left, "{then} of {left} left after another");
        assert_eq!(store.list_noted(NOW, 10).await.unwrap(), [user_id(1)]);
        assert!(store.erase(user_id(1), 20, NOW).await.unwrap());
        assert_eq!(traceable(&fresh).await, [9_000]);
        assert_eq!(store.list_noted(NOW, 10).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn what_a_request_under_way_writes_later_is_erased_in_a_second_round() {
    on_each(|fresh| async move {
        let store = fresh.store();
        for n in (0..1_500).map(|n| 2 * n) {
            store.append(&event(n).about(user_id(1))).await.unwrap();
        }
        Erasures::note(&store, user_id(1), NOW).await.unwrap();
        assert!(store.erase(user_id(1), 20, NOW).await.unwrap());
        // Also one whose id was made before those that are there.
        let late = [event(3).about(user_id(1)), event(5_000).by(user_id(1)), event(5_002).by(user_id(2))];
        for event in &late {
            store.append(event).await.unwrap();
        }
        let almost = NOW + WATCH - Duration::milliseconds(1);
        assert_eq!(store.list_noted(almost, 10).await.unwrap(), []);
        assert!(store.erase(user_id(1), 20, almost).await.unwrap(), "nothing to do for now");
        assert_eq!(traceable(&fresh).await, [5_002, 5_000]);
        let then = NOW + WATCH;
        assert_eq!(store.list_noted(then, 10).await.unwrap(), [user_id(1)]);
        assert!(!store.erase(user_id(1), 1, then).await.unwrap());
        assert_eq!(store.list_noted(then, 10).await.unwrap(), [user_id(1)]);
        assert!(store.erase(user_id(1), 1, then).await.unwrap());
        assert_eq!(traceable(&fresh).await, [5_002]);
        let sought = "SELECT CAST(COUNT(*) AS TEXT) FROM audit_events WHERE network IS NOT NULL";
        assert_eq!(fresh.text(sought).await.unwrap(), "1");
        assert_eq!(store.list_noted(then + WATCH, 10).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn what_is_noted_counts_with_the_unit_of_work() {
    on_each(|fresh| async move {
        let uow = fresh.begin().await;
        uow.erasures().note(user_id(1), NOW).await.unwrap();
        drop(uow);
        assert_eq!(fresh.store().list_noted(NOW, 10).await.unwrap(), []);
    })
    .await;
}
