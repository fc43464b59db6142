//! The audit trail in the console.

use countersign_application::testing::{team, user_id};
use countersign_domain::audit::{AuditEvent, AuditKind, Origin};
use countersign_domain::ids::AuditEventId;
use countersign_domain::page::{Cursor, Page};
use time::macros::datetime;
use uuid::Uuid;

use crate::pages::console::tests::{show, superuser};

fn event(kind: AuditKind) -> AuditEvent {
    let origin = Origin { ip: Some([192, 0, 2, 7].into()), ..Origin::default() };
    AuditEvent::new(AuditEventId::new(Uuid::from_u128(9)), kind, &origin, datetime!(2026-01-02 03:04:05.678 UTC))
}

#[actix_web::test]
async fn events_are_narrowed_and_what_is_left_empty_does_not_narrow() {
    let mut mocks = superuser();
    mocks.listings.expect_audit_events().times(1).returning(|filter, _| {
        assert_eq!((filter.kind, filter.user_id), (Some(AuditKind::RoleChanged), Some(user_id(2))));
        assert_eq!((filter.team_id, filter.until), (None, None));
        assert_eq!(filter.since, Some(datetime!(2026-01-02 03:04 UTC)));
        let event = event(AuditKind::RoleChanged).by(user_id(1)).about(user_id(2)).in_team(team(1).id).detail("admin");
        Ok(Page { items: vec![event], next: Some(Cursor::after(Uuid::from_u128(9))) })
    });
    let uri =
        format!("/console/audit?event=role_changed&user_id={}&team_id=&since=2026-01-02T03%3A04&until=", user_id(2));
    let answer = show(mocks, &uri).await;
    for shown in [
        "<option value=\"role_changed\" selected>Role changed</option>",
        "<time datetime=\"2026-01-02T03:04:05.678Z\">2026-01-02 03:04 UTC</time>",
        "<span class=\"name\">Role changed</span> <code>admin</code>",
        "by you",
        "from 192.0.2.0/24",
        "&amp;since=2026-01-02T03%3A04%3A00Z&amp;cursor=",
        "value=\"2026-01-02T03:04:00\"",
        &format!("href=\"../console/users/{0}\">Firstname Surname</a> user2@example.com <code>{0}</code>", user_id(2)),
        &format!("href=\"../console/teams/{0}\">Engines</a> <code>{0}</code>", team(1).id),
    ] {
        assert!(answer.text.contains(shown), "{shown}: {}", answer.text);
    }
}

#[actix_web::test]
async fn a_bad_filter_is_told_at_its_field_and_nothing_found_is_no_blank_page() {
    for field in ["event", "user_id", "team_id", "since", "until"] {
        let answer = show(superuser(), &format!("/console/audit?{field}=%27+OR+1%3D1--")).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text.contains(&format!("id=\"{field}-error\"")), "{field}: {}", answer.text);
        assert_eq!(answer.text.matches("class=\"error\"").count(), 1);
    }
    let mut mocks = superuser();
    mocks.listings.expect_audit_events().returning(|_, _| Ok(Page { items: vec![], next: None }));
    let answer = show(mocks, "/console/audit?event=key_retired").await;
    assert!(
        answer.text.contains("No event matches.") && answer.text.contains("Without these conditions"),
        "{}",
        answer.text
    );
}

#[actix_web::test]
async fn nothing_that_is_listed_can_carry_markup() {
    let mut mocks = superuser();
    let hostile = event(AuditKind::LoginFailed).detail("<script>alert(1)</script>");
    mocks.listings.expect_audit_events().return_once(|_, _| Ok(Page { items: vec![hostile], next: None }));
    let answer = show(mocks, "/console/audit").await;
    assert!(!answer.text.contains("<script") && answer.text.contains("&lt;script"), "{}", answer.text);
}

#[actix_web::test]
async fn looks_are_left_out_unless_they_are_asked_for() {
    let look = "<span class=\"name\">Viewed by a superuser</span>";
    for (query, asked, looks) in [
        ("", None, false),
        ("?event=", None, false),
        ("?event=every", None, true),
        ("?event=admin_viewed", Some(AuditKind::AdminViewed), true),
    ] {
        let mut mocks = superuser();
        mocks.listings.expect_audit_events().times(1).returning(move |filter, page| {
            assert_eq!((filter.kind, page.limit()), (asked, if looks { 50 } else { 200 }), "{query}");
            let items = vec![event(AuditKind::AdminViewed), event(AuditKind::RoleChanged)];
            Ok(Page { items, next: Some(Cursor::after(Uuid::from_u128(9))) })
        });
        let answer = show(mocks, &format!("/console/audit{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        assert_eq!(answer.text.contains(look), looks, "{query}: {}", answer.text);
        assert!(answer.text.contains("<span class=\"name\">Role changed</span>"), "{query}: {}", answer.text);
        let is_every = query.ends_with("every");
        assert_eq!(answer.text.contains("<option value=\"every\" selected>"), is_every, "{query}: {}", answer.text);
        assert!(answer.text.contains("Search on") && !answer.text.contains("There are no"), "{query}: {}", answer.text);
        assert_eq!(answer.text.contains("?event=every&amp;cursor="), is_every, "{query}: {}", answer.text);
    }
}

#[actix_web::test]
async fn among_many_looks_no_event_is_lost_from_page_to_page() {
    let numbered = |n: u128, kind| AuditEvent { id: AuditEventId::new(Uuid::from_u128(n)), ..event(kind) };
    let mut mocks = superuser();
    let items: Vec<_> = (1..=120).rev().map(|n| numbered(n, AuditKind::RoleChanged)).collect();
    mocks.listings.expect_audit_events().return_once(|_, _| Ok(Page { items, next: None }));
    let answer = show(mocks, "/console/audit").await;
    assert_eq!(answer.text.matches("<span class=\"name\">").count(), 50);
    let next = format!("?cursor={}\"", Cursor::after(Uuid::from_u128(71)).encode());
    assert!(answer.text.contains(&next), "{next}: {}", answer.text);
    let mut mocks = superuser();
    let looks: Vec<_> = (1..=200).map(|n| numbered(n, AuditKind::AdminViewed)).collect();
    let last = Cursor::after(Uuid::from_u128(1));
    mocks.listings.expect_audit_events().return_once(move |_, _| Ok(Page { items: looks, next: Some(last) }));
    let answer = show(mocks, "/console/audit").await;
    assert!(answer.text.contains(&format!("?cursor={}\"", last.encode())), "{}", answer.text);
    assert!(answer.text.contains("Searched so far") && !answer.text.contains("There are no"), "{}", answer.text);
}

#[actix_web::test]
async fn whoever_is_gone_is_named_by_id_alone() {
    let mut mocks = superuser();
    let of_gone = event(AuditKind::AccountDeleted).by(user_id(7)).about(user_id(8)).in_team(team(2).id);
    mocks.listings.expect_audit_events().return_once(|_, _| Ok(Page { items: vec![of_gone], next: None }));
    let answer = show(mocks, "/console/audit").await;
    for id in [user_id(7).to_string(), user_id(8).to_string(), team(2).id.to_string()] {
        assert!(answer.text.contains(&format!("{id}\">{id}</a>")), "{id}: {}", answer.text);
    }
}
