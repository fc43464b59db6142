//! Searching, filtering and paging.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::admin::server;
use crate::support::{TestServer, Tokens, assert_problem};

async fn items(server: &TestServer, root: &Tokens, path: &str) -> Vec<Value> {
    let answer = server.get(path).bearer(&root.access).send().await.expect(200);
    answer.json()["items"].as_array().unwrap().clone()
}

fn texts(items: &[Value], field: &str) -> Vec<String> {
    let mut texts: Vec<_> = items.iter().map(|item| item[field].as_str().unwrap().to_owned()).collect();
    texts.sort();
    texts
}

async fn register(server: &TestServer, email: &str, first: &str, last: &str) {
    let body = json!({"email": email, "password": crate::support::PASSWORD, "first_name": first, "last_name": last});
    server.post("/auth/register").json(&body).send().await.expect(201);
}

#[tokio::test]
async fn a_search_takes_wildcards_and_quotes_as_they_are() {
    let (server, root) = server().await;
    register(&server, "under_score@example.org", "Plain", "Green").await;
    register(&server, "underxscore@example.org", "Plain", "Blue").await;
    register(&server, "percent@example.org", "100%", "Blue").await;
    register(&server, "quote@example.org", "O'Neill", "Back\\slash").await;
    for (q, found) in [
        ("der_s", vec!["under_score@example.org"]),
        ("%25", vec![]),
        ("un", vec!["under_score@example.org", "underxscore@example.org"]),
        ("de", vec![]),
        ("%20UN%20", vec!["under_score@example.org", "underxscore@example.org"]),
        ("100%25", vec!["percent@example.org"]),
        ("%25%25", vec![]),
        ("_%25", vec![]),
        ("%27neill", vec!["quote@example.org"]),
        ("back%5C", vec!["quote@example.org"]),
        ("%5C", vec![]),
        ("%27%20OR%20%271%27=%271", vec![]),
        ("UNDER", vec!["under_score@example.org", "underxscore@example.org"]),
        ("blue", vec!["percent@example.org", "underxscore@example.org"]),
        ("%24GREEN", vec![]),
        ("password_hash", vec![]),
    ] {
        let shown = items(&server, &root, &format!("/admin/users?q={q}")).await;
        assert_eq!(texts(&shown, "email"), found, "{q}");
    }
    assert_eq!(items(&server, &root, "/admin/users?q=").await.len(), 5);

    for name in ["100% ours", "under_score", "underxscore"] {
        server.team(&root, name).await;
    }
    for (q, found) in [
        ("100%25", vec!["100% ours"]),
        ("der_s", vec!["under_score"]),
        ("1", vec!["100% ours"]),
        ("OURS", vec!["100% ours"]),
        ("%25%25", vec![]),
    ] {
        let shown = items(&server, &root, &format!("/admin/teams?q={q}")).await;
        assert_eq!(texts(&shown, "name"), found, "{q}");
    }
}

#[tokio::test]
async fn pages_show_everything_once() {
    let (server, root) = server().await;
    for n in 0..5 {
        server.register(&format!("user{n}@example.org")).await;
        server.team(&root, &format!("Team {n}")).await;
    }
    for (list, limit, all) in [
        ("/admin/users", 2, 6),
        ("/admin/teams", 2, 5),
        ("/admin/users?q=user", 2, 5),
        ("/admin/audit?event=registered", 3, 5),
    ] {
        let (mut seen, mut cursor, mut count) = (BTreeSet::new(), String::new(), 0);
        let join = if list.contains('?') { '&' } else { '?' };
        loop {
            let answer =
                server.get(&format!("{list}{join}limit={limit}{cursor}")).bearer(&root.access).send().await.expect(200);
            let page = answer.json();
            let shown = page["items"].as_array().unwrap();
            assert!(shown.len() <= limit);
            count += shown.len();
            seen.extend(texts(shown, "id"));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
            assert!(count <= all, "the pages do not end");
        }
        assert_eq!((seen.len(), count), (all, all), "{list}");
    }
    for list in ["/admin/users", "/admin/teams", "/admin/audit"] {
        for bad in ["limit=0", "limit=201", "limit=-1", "limit=x", "cursor=x", "limit=1&limit=2"] {
            let answer = server.get(&format!("{list}?{bad}")).bearer(&root.access).send().await;
            assert_problem(&answer, 422, "validation_failed");
        }
    }
}

#[tokio::test]
async fn audit_events_are_filtered_and_newest_first() {
    let (server, root) = server().await;
    let (one, tokens) = server.signed_in("one@example.org").await;
    let (two, _) = server.signed_in("two@example.org").await;
    let team = server.team(&tokens, "Teamname").await;
    server.invite(&tokens, &team, "two@example.org", "member").send().await.expect(200);
    server.sign_in("one@example.org", "a wrong guess").send().await.expect(401);

    let all = items(&server, &root, "/admin/audit?limit=200").await;
    let times: Vec<_> = all.iter().map(|item| item["at"].as_str().unwrap().to_owned()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
    let failed = items(&server, &root, "/admin/audit?event=login_failed").await;
    assert_eq!((failed.len(), &failed[0]["user_id"]), (1, &json!(one.id)));
    for item in items(&server, &root, &format!("/admin/audit?user_id={}", two.id)).await {
        assert!(item["user_id"] == two.id.as_str() || item["actor_id"] == two.id.as_str(), "{item}");
    }
    let of_team = items(&server, &root, &format!("/admin/audit?team_id={team}")).await;
    assert_eq!(texts(&of_team, "event"), ["member_added", "team_created"]);
    let both = format!("/admin/audit?team_id={team}&user_id={}&event=member_added", two.id);
    assert_eq!(items(&server, &root, &both).await.len(), 1);

    let at = failed[0]["at"].as_str().unwrap();
    let since = items(&server, &root, &format!("/admin/audit?since={at}&event=login_failed")).await;
    let until = items(&server, &root, &format!("/admin/audit?until={at}&event=login_failed")).await;
    assert_eq!((since.len(), until.len()), (1, 0), "since is included, until is not");
    assert!(items(&server, &root, "/admin/audit?until=2020-01-01T00:00:00Z").await.is_empty());
    assert!(items(&server, &root, "/admin/audit?since=2999-01-01T00:00:00%2B02:00").await.is_empty());
    assert!(items(&server, &root, "/admin/audit?since=9999-12-31T23:59:59Z").await.is_empty());
    for bad in [
        "event=nothing",
        "user_id=me",
        "team_id=1",
        "since=yesterday",
        "until=1700000000",
        "since=9999-12-31T23:59:59-23:59",
        "until=2026-06-30T23:59:60Z",
    ] {
        let answer = server.get(&format!("/admin/audit?{bad}")).bearer(&root.access).send().await;
        assert_problem(&answer, 422, "validation_failed");
        assert_eq!(answer.text_at("/errors/0/field"), bad.split('=').next().unwrap());
    }
}
