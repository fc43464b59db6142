//! The audit trail.

use countersign_application::ports::audit_log::{AuditFilter, AuditLog};
use countersign_application::testing::{NOW, origin, team, user_id};
use countersign_domain::audit::{AuditEvent, AuditKind};
use countersign_domain::ids::AuditEventId;
use countersign_domain::page::{Cursor, PageRequest};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Builder;

use crate::persistence::fresh::on_each;

/// An event of then, whose id was made so much later and ends in `n`.
fn event_at(n: u8, at: OffsetDateTime, later: Duration, kind: AuditKind) -> AuditEvent {
    let made = u64::try_from((at + later).unix_timestamp_nanos() / 1_000_000).unwrap();
    let id = Builder::from_unix_timestamp_millis(made, &[0, 0, 0, 0, 0, 0, 0, 0, 0, n]).into_uuid();
    AuditEvent::new(AuditEventId::new(id), kind, &origin(), at)
}

/// The last octet of its id.
fn number(event: &AuditEvent) -> u8 {
    event.id.as_uuid().as_bytes()[15]
}

/// Events 1 to 4, a minute apart.
fn events() -> [AuditEvent; 4] {
    let event = |n: u8, kind| event_at(n, NOW + Duration::minutes(n.into()), Duration::seconds(2), kind);
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
            let ids: Vec<_> = page.items.iter().map(number).collect();
            assert_eq!(ids, expected, "{filter:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn times_narrow_exactly_also_where_ids_were_made_later_and_at_either_end_of_time() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let log: &dyn AuditLog = &store;
        let (minute, millisecond) = (Duration::MINUTE, Duration::MILLISECOND);
        for (n, at, later) in [
            (1, NOW - millisecond, minute * 10),
            (2, NOW, Duration::ZERO),
            (3, NOW + minute, minute * 10),
            (4, NOW + minute * 2, Duration::ZERO),
        ] {
            log.append(&event_at(n, at, later, AuditKind::LoginFailed)).await.unwrap();
        }
        let (dawn, doom) = (datetime!(0000-01-01 00:00 UTC), datetime!(9999-12-31 23:59:59.999 UTC));
        for (since, until, expected) in [
            (NOW, doom, vec![3, 4, 2]),
            (NOW + millisecond, doom, vec![3, 4]),
            (dawn, NOW, vec![1]),
            (dawn, NOW + millisecond, vec![1, 2]),
            (NOW + minute, NOW + minute * 2, vec![3]),
            (dawn, doom, vec![3, 1, 4, 2]),
        ] {
            let filter = AuditFilter { since: Some(since), until: Some(until), ..AuditFilter::default() };
            let page = log.list(&filter, &PageRequest::first(50)).await.unwrap();
            let found: Vec<_> = page.items.iter().map(number).collect();
            assert_eq!(found, expected, "{since} to {until}");
        }
    })
    .await;
}

/// By two accounts about each other, in one team of two, of two kinds: every combination, over and over.
fn many() -> Vec<AuditEvent> {
    let kinds = [AuditKind::LoginFailed, AuditKind::RoleChanged, AuditKind::RoleChanged];
    (1..=120_u8)
        .map(|n| {
            let at = NOW + Duration::seconds(n.into());
            let event = event_at(n, at, Duration::ZERO, kinds[usize::from(n) % 3]);
            let event = event.by(user_id((1 + n / 4 % 2).into())).about(user_id((1 + n / 8 % 3).into()));
            if n % 5 == 0 { event.in_team(team(u64::from(n > 60) + 1).id) } else { event }
        })
        .collect()
}

fn fits(event: &AuditEvent, filter: &AuditFilter) -> bool {
    let of_user = |user| event.actor_id == Some(user) || event.user_id == Some(user);
    filter.kind.is_none_or(|kind| event.kind == kind)
        && filter.user_id.is_none_or(of_user)
        && filter.team_id.is_none_or(|team| event.team_id == Some(team))
        && filter.since.is_none_or(|since| event.at >= since)
        && filter.until.is_none_or(|until| event.at < until)
}

#[tokio::test]
async fn filters_that_meet_find_each_event_once_however_few_are_looked_through_for_a_page() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let events = many();
        for event in &events {
            AuditLog::append(&store, event).await.unwrap();
        }
        let kinds = [None, Some(AuditKind::LoginFailed), Some(AuditKind::AccountDeleted)];
        let users = [None, Some(user_id(1)), Some(user_id(3)), Some(user_id(9))];
        let teams = [None, Some(team(1).id), Some(team(2).id)];
        let times = [(None, None), (Some(NOW + Duration::seconds(30)), Some(NOW + Duration::seconds(90)))];
        for kind in kinds {
            for (user_id, team_id) in users.into_iter().flat_map(|user| teams.map(|team| (user, team))) {
                for (since, until) in times {
                    let filter = AuditFilter { kind, user_id, team_id, since, until };
                    let expected: Vec<_> =
                        events.iter().rev().filter(|event| fits(event, &filter)).map(number).collect();
                    for (window, limit) in [(1, 2), (7, 3), (7, 50), (200, 5)] {
                        let (mut found, mut page, mut pages) = (vec![], Some(PageRequest::first(limit)), 0);
                        while let Some(request) = page {
                            let next = store.audit_events_within(window, &filter, &request).await.unwrap();
                            assert!(next.items.len() <= usize::from(limit));
                            found.extend(next.items.iter().map(number));
                            page = next.next.map(|cursor| request.starting(cursor));
                            pages += 1;
                            assert!(pages < 200, "{filter:?} goes on for ever");
                        }
                        assert_eq!(found, expected, "{filter:?}, {window} a page of {limit}");
                    }
                }
            }
        }
    })
    .await;
}
