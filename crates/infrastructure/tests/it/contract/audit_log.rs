//! The audit trail.

use countersign_application::ports::audit_log::{AuditFilter, AuditLog};
use countersign_application::testing::{NOW, origin, team, user_id};
use countersign_domain::audit::{AuditEvent, AuditKind};
use countersign_domain::ids::AuditEventId;
use countersign_domain::page::{Cursor, PageRequest};
use time::Duration;
use uuid::Uuid;

use crate::persistence::fresh::on_each;

/// Events 1 to 4, a minute apart.
fn events() -> [AuditEvent; 4] {
    let event = |n: i64, kind| {
        let id = AuditEventId::new(Uuid::from_u128(u128::try_from(n).unwrap()));
        AuditEvent::new(id, kind, &origin(), NOW + Duration::minutes(n))
    };
    [
        event(1, AuditKind::LoginSucceeded).by(user_id(1)).about(user_id(1)),
        event(2, AuditKind::RoleChanged).by(user_id(2)).about(user_id(1)).in_team(team(1).id).detail("admin"),
        event(3, AuditKind::LoginFailed),
        event(4, AuditKind::RoleChanged).by(user_id(2)).about(user_id(3)).in_team(team(2).id),
    ]
}

async fn append_all(log: &dyn AuditLog) {
    for event in events() {
        log.append(&event).await.unwrap();
    }
}

#[tokio::test]
async fn events_are_listed_newest_first_and_paged() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let log: &dyn AuditLog = &store;
        append_all(log).await;
        let mut expected = events().to_vec();
        expected.reverse();
        let first = log.list(&AuditFilter::default(), &PageRequest::first(3)).await.unwrap();
        assert_eq!(first.items, expected[..3]);
        let next = PageRequest::parse(None, first.next.map(Cursor::encode).as_deref()).unwrap();
        let second = log.list(&AuditFilter::default(), &next).await.unwrap();
        assert_eq!(second.items, expected[3..]);
        assert_eq!(second.next, None);
    })
    .await;
}

#[tokio::test]
async fn each_filter_narrows() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let log: &dyn AuditLog = &store;
        append_all(log).await;
        let any = AuditFilter::default();
        for (filter, expected) in [
            (AuditFilter { kind: Some(AuditKind::RoleChanged), ..any }, vec![4, 2]),
            (AuditFilter { user_id: Some(user_id(1)), ..any }, vec![2, 1]),
            (AuditFilter { user_id: Some(user_id(2)), ..any }, vec![4, 2]),
            (AuditFilter { team_id: Some(team(1).id), ..any }, vec![2]),
            (AuditFilter { since: Some(NOW + Duration::minutes(3)), ..any }, vec![4, 3]),
            (AuditFilter { until: Some(NOW + Duration::minutes(3)), ..any }, vec![2, 1]),
            (AuditFilter { user_id: Some(user_id(2)), team_id: Some(team(2).id), ..any }, vec![4]),
        ] {
            let page = log.list(&filter, &PageRequest::first(50)).await.unwrap();
            let ids: Vec<_> = page.items.iter().map(|event| event.id.as_uuid().as_u128()).collect();
            assert_eq!(ids, expected, "{filter:?}");
        }
    })
    .await;
}
