//! Who may call `/admin`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::admin::server;
use crate::support::{Call, TestServer, Tokens, assert_problem, at_once, tally};

/// Every call of `/admin`, about this account and team.
fn calls(server: &TestServer, user: &str, team: &str) -> Vec<(Call, &'static str)> {
    let call = |method: Method, path: String, body: Option<Value>| {
        let call = server.call(method, &path);
        body.map_or(call, |body| Call::json(server.call(Method::PATCH, &path), &body))
    };
    vec![
        (call(Method::GET, "/admin/users".to_owned(), None), "admin_viewed"),
        (call(Method::GET, format!("/admin/users/{user}"), None), "admin_viewed"),
        // A change that is none shows the account all the same.
        (call(Method::PATCH, format!("/admin/users/{user}"), Some(json!({}))), "admin_viewed"),
        (call(Method::GET, "/admin/teams".to_owned(), None), "admin_viewed"),
        (call(Method::GET, "/admin/audit".to_owned(), None), "admin_viewed"),
        (call(Method::PATCH, format!("/admin/users/{user}"), Some(json!({"is_superuser": true}))), "superuser_granted"),
        (
            call(Method::PATCH, format!("/admin/users/{user}"), Some(json!({"is_superuser": false}))),
            "superuser_revoked",
        ),
        (
            call(Method::PATCH, format!("/admin/teams/{team}/members/{user}"), Some(json!({"role": "admin"}))),
            "admin_appointed",
        ),
        (
            call(Method::PATCH, format!("/admin/teams/{team}/members/{user}"), Some(json!({"role": "admin"}))),
            "admin_viewed",
        ),
        (call(Method::DELETE, format!("/admin/users/{user}/sessions"), None), "sessions_ended"),
        (call(Method::PATCH, format!("/admin/users/{user}"), Some(json!({"is_active": false}))), "user_deactivated"),
        (call(Method::PATCH, format!("/admin/users/{user}"), Some(json!({"is_active": true}))), "user_activated"),
        (call(Method::DELETE, format!("/admin/users/{user}"), None), "account_deleted"),
    ]
}

#[tokio::test]
async fn every_call_takes_a_superuser_and_is_audited_with_who_did_it() {
    let (server, root) = server().await;
    let root_id = root.claims()["sub"].as_str().unwrap().to_owned();
    let (admin, owner) = server.signed_in("owner@example.org").await;
    let team = server.team(&owner, "Teamname").await;
    let (member, _) = server.member(&owner, &team, "member@example.org", "member").await;
    let document = server.get("/openapi.json").send().await.json();
    let documented = document["paths"].as_object().unwrap().iter().filter(|(path, _)| path.starts_with("/admin"));
    assert_eq!(
        documented.map(|(_, methods)| methods.as_object().unwrap().len()).sum::<usize>(),
        8,
        "all are tried here"
    );

    let rows = server.rows().await;
    let denied = "SELECT COUNT(*) FROM audit_events WHERE kind = 'access_denied' AND detail = 'superuser_required'";
    for (n, (call, _)) in calls(&server, &member.id, &team).into_iter().enumerate() {
        assert_problem(&call.bearer(&owner.access).send().await, 403, "superuser_required");
        assert_eq!(rows.one::<i64>(denied).await, i64::try_from(n).unwrap() + 1);
    }
    let me = server.get("/auth/me").bearer(&server.login(&member).await.access).send().await.expect(200).json();
    assert_eq!((&me["is_superuser"], &me["teams"][0]["role"]), (&json!(false), &json!("member")));

    // A superuser appoints an admin only where there is none.
    rows.execute("UPDATE users SET is_active = FALSE WHERE email = 'owner@example.org'").await;
    for (call, event) in calls(&server, &member.id, &team) {
        let newest = |text: &'static str| format!("SELECT {text} FROM audit_events ORDER BY id DESC LIMIT 1");
        let answer = call.bearer(&root.access).send().await;
        assert!([200, 204].contains(&answer.status), "{answer:?}");
        assert!(!answer.text.contains("password") && !answer.text.contains("$2b$"), "{}", answer.text);
        let of_call = format!(
            "SELECT COUNT(*) FROM audit_events WHERE kind = '{event}' AND request_id = '{}'",
            answer.header("x-request-id")
        );
        assert_eq!(rows.one::<i64>(&of_call).await, 1, "{event}");
        let shown = server
            .get(&format!("/admin/audit?event={event}&limit=1"))
            .bearer(&root.access)
            .send()
            .await
            .expect(200)
            .json();
        let item = &shown["items"][0];
        assert_eq!((&item["event"], &item["actor_id"]), (&json!(event), &json!(root_id)), "{item}");
        if event != "admin_viewed" {
            assert_eq!(item["user_id"], member.id.as_str(), "{item}");
            assert!(item["network"] == "127.0.0.0/24" && item["request_id"] == answer.header("x-request-id"), "{item}");
        }
        assert_eq!(rows.one::<String>(&newest("kind")).await, "admin_viewed", "looking is audited");
    }
    assert_ne!(admin.id, member.id);
}

#[tokio::test]
async fn a_dismissed_superuser_is_refused_at_once_with_the_old_token() {
    let (server, root) = server().await;
    let (account, second) = server.signed_in("second@example.org").await;
    let path = format!("/admin/users/{}", account.id);
    for _ in 0..5 {
        server.patch(&path).bearer(&root.access).json(&json!({"is_superuser": true})).send().await.expect(200);
        server.get("/admin/users").bearer(&second.access).send().await.expect(200);
        let answer = server.patch(&path).bearer(&root.access).json(&json!({"is_superuser": false})).send().await;
        assert_eq!(answer.expect(200).json()["is_superuser"], false);
        assert_problem(&server.get("/admin/users").bearer(&second.access).send().await, 403, "superuser_required");
        let back = server.patch(&path).bearer(&second.access).json(&json!({"is_superuser": true})).send().await;
        assert_problem(&back, 403, "superuser_required");
    }
}

#[tokio::test]
async fn whoever_registered_an_address_without_proving_it_is_not_appointed() {
    let (server, root) = server().await;
    let squatter = server.register("boss@example.org").await;
    let tokens = server.login(&squatter).await;
    let appoint = || {
        let path = format!("/admin/users/{}", squatter.id);
        server.patch(&path).bearer(&root.access).json(&json!({"is_superuser": true}))
    };
    let refused = appoint().send().await;
    assert_problem(&refused, 422, "validation_failed");
    assert_eq!(refused.json()["errors"][0]["field"], "is_superuser");
    assert_eq!(refused.json()["errors"][0]["code"], "email_not_verified");
    assert_problem(&server.get("/admin/users").bearer(&tokens.access).send().await, 403, "superuser_required");
    server.rows().await.execute("UPDATE users SET email_verified = TRUE").await;
    appoint().send().await.expect(200);
}

#[tokio::test]
async fn two_superusers_who_dismiss_each_other_leave_no_half_done_change() {
    let (server, root) = server().await;
    let (_, one) = server.signed_in("one@example.org").await;
    let (_, two) = server.signed_in("two@example.org").await;
    let change = |by: &Tokens, whom: &Tokens, is_superuser: bool| {
        let path = format!("/admin/users/{}", whom.claims()["sub"].as_str().unwrap());
        server.patch(&path).bearer(&by.access).json(&json!({"is_superuser": is_superuser}))
    };
    for _ in 0..20 {
        for whom in [&one, &two] {
            change(&root, whom, true).send().await.expect(200);
        }
        let answers = at_once([change(&one, &two, false), change(&two, &one, false)]).await;
        let done = tally(&answers).get(&200).copied().unwrap_or_default();
        assert!(done >= 1 && answers.iter().all(|answer| [200, 403].contains(&answer.status)), "{answers:?}");
        let left: i64 = server.rows().await.one("SELECT COUNT(*) FROM users WHERE is_superuser").await;
        assert_eq!(usize::try_from(left).unwrap(), 3 - done);
    }
}

#[tokio::test]
async fn unknown_accounts_and_teams_are_not_there() {
    let (server, root) = server().await;
    let (account, owner) = server.signed_in("owner@example.org").await;
    let team = server.team(&owner, "Teamname").await;
    for id in ["01890000-0000-7000-8000-000000000000", "me", "1", "'%20OR%201=1--"] {
        let user = format!("/admin/users/{id}");
        for call in [
            server.get(&user),
            server.patch(&user).json(&json!({"is_active": false})),
            server.delete(&user),
            server.delete(&format!("{user}/sessions")),
        ] {
            assert_problem(&call.bearer(&root.access).send().await, 404, "user_not_found");
        }
        let appoint = |team: &str, user: &str| {
            let call = server.patch(&format!("/admin/teams/{team}/members/{user}")).bearer(&root.access);
            call.json(&json!({"role": "admin"}))
        };
        assert_problem(&appoint(id, &account.id).send().await, 404, "team_not_found");
        assert_problem(&appoint(&team, id).send().await, 404, "member_not_found");
    }
    let (member, _) = server.member(&owner, &team, "member@example.org", "member").await;
    let appoint = server.patch(&format!("/admin/teams/{team}/members/{}", member.id)).bearer(&root.access);
    assert_problem(&appoint.json(&json!({"role": "admin"})).send().await, 409, "team_has_admin");
    for body in [json!({"is_active": "false"}), json!({"is_superuser": 1}), json!({"is_active": null})] {
        let call = server.patch(&format!("/admin/users/{}", account.id)).bearer(&root.access);
        assert_problem(&call.json(&body).send().await, 422, "validation_failed");
    }
    // Other fields never take effect.
    let odd =
        json!({"email": "x@example.org", "email_verified": false, "first_name": "X", "password": "x", "id": team});
    let call = server.patch(&format!("/admin/users/{}", account.id)).bearer(&root.access);
    let user = call.json(&odd).send().await.expect(200).json();
    assert_eq!(
        (&user["email"], &user["email_verified"], &user["id"]),
        (&json!(account.email), &json!(true), &json!(account.id))
    );
}
