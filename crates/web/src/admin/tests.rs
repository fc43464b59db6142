use actix_web::test::TestRequest;
use countersign_application::testing::{Mocks, team, user, user_id};
use countersign_domain::audit::{AuditEvent, AuditKind, Origin};
use countersign_domain::ids::AuditEventId;
use countersign_domain::page::Page;
use serde_json::json;
use time::macros::datetime;

use crate::testing::{call, sign_in, signed_in};

fn superuser() -> Mocks {
    let mut mocks = Mocks::default();
    let mut account = user(1);
    account.is_superuser = true;
    sign_in(&mut mocks, &account);
    mocks
}

#[actix_web::test]
async fn accounts_are_searched_by_q_and_an_empty_q_finds_all() {
    for (query, expected) in [("?q=given", Some("given")), ("?q=", None), ("", None)] {
        let mut mocks = superuser();
        mocks.listings.expect_users().times(1).returning(move |search, page| {
            assert_eq!((search.as_deref(), page.limit()), (expected, 50));
            Ok(Page { items: vec![user(2)], next: None })
        });
        let answer = call(mocks, signed_in(TestRequest::get().uri(&format!("/admin/users{query}")))).await;
        assert_eq!(answer.json()["items"][0]["email"], "user2@example.com");
    }
}

#[actix_web::test]
async fn too_long_a_search_is_a_422() {
    for list in ["users", "teams"] {
        let uri = format!("/admin/{list}?q={}", "x".repeat(255));
        let answer = call(superuser(), signed_in(TestRequest::get().uri(&uri))).await;
        assert_eq!(answer.violations()[0].0, "q");
    }
}

#[actix_web::test]
async fn control_characters_in_a_search_are_a_422() {
    for list in ["users", "teams"] {
        for character in ["%00", "%0A", "%7F"] {
            let request = TestRequest::get().uri(&format!("/admin/{list}?q=a{character}"));
            assert_eq!(call(superuser(), signed_in(request)).await.violations()[0].0, "q");
        }
    }
}

#[actix_web::test]
async fn audit_filters_narrow_and_bad_ones_are_named() {
    let mut mocks = superuser();
    let at = datetime!(2026-01-02 03:04:05.678 UTC);
    let id = AuditEventId::new(uuid::Uuid::from_u128(9));
    let event = AuditEvent::new(id, AuditKind::LoginFailed, &Origin::default(), at).about(user_id(2));
    mocks
        .listings
        .expect_audit_events()
        .withf(|filter, _| {
            filter.kind == Some(AuditKind::LoginFailed) && filter.user_id == Some(user_id(2)) && filter.since.is_some()
        })
        .return_once(|_, _| Ok(Page { items: vec![event], next: None }));
    let uri = format!("/admin/audit?event=login_failed&user_id={}&since=2026-01-01T00:00:00Z", user_id(2));
    let answer = call(mocks, signed_in(TestRequest::get().uri(&uri))).await;
    let shown = &answer.json()["items"][0];
    assert_eq!((&shown["event"], &shown["at"]), (&json!("login_failed"), &json!("2026-01-02T03:04:05.678Z")));
    for field in ["event", "user_id", "team_id", "since", "until"] {
        let uri = format!("/admin/audit?{field}=%27+OR+1%3D1--");
        let answer = call(superuser(), signed_in(TestRequest::get().uri(&uri))).await;
        assert_eq!(answer.violations()[0].0, field);
    }
}

#[actix_web::test]
async fn an_unknown_or_malformed_account_is_not_there() {
    for id in [user_id(9).to_string(), "me".to_owned()] {
        let mut mocks = superuser();
        mocks.users.expect_find_by_id().returning(|_| Ok(None));
        let answer = call(mocks, signed_in(TestRequest::get().uri(&format!("/admin/users/{id}")))).await;
        assert_eq!(answer.problem(), (404, "user_not_found".to_owned()));
    }
}

#[actix_web::test]
async fn switches_are_true_or_false() {
    for (field, value) in [("is_active", json!("false")), ("is_superuser", json!(1)), ("is_active", json!(null))] {
        let uri = format!("/admin/users/{}", user_id(2));
        let request = signed_in(TestRequest::patch().uri(&uri)).set_json(json!({field: value}));
        assert_eq!(call(superuser(), request).await.violations()[0].0, field);
    }
}

#[actix_web::test]
async fn a_superuser_can_only_appoint_admins() {
    let uri = format!("/admin/teams/{}/members/{}", team(1).id, user_id(2));
    let request = signed_in(TestRequest::patch().uri(&uri)).set_json(json!({"role": "member"}));
    assert_eq!(call(superuser(), request).await.violations()[0].0, "role");
}
