//! Deactivating, reactivating and deleting accounts, and what becomes of their teams.

use serde_json::{Value, json};

use crate::admin::server;
use crate::support::{Answer, TestServer, Tokens, assert_problem, at_once};

async fn activate(server: &TestServer, root: &Tokens, user: &str, is_active: bool) -> Answer {
    let call = server.patch(&format!("/admin/users/{user}")).bearer(&root.access);
    call.json(&json!({"is_active": is_active})).send().await.expect(200)
}

async fn events(server: &TestServer, root: &Tokens, event: &str) -> Vec<Value> {
    let answer = server.get(&format!("/admin/audit?event={event}")).bearer(&root.access).send().await.expect(200);
    answer.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_deactivated_account_is_out_at_once_and_back_only_by_signing_in() {
    let (server, root) = server().await;
    let (account, first) = server.signed_in("user@example.org").await;
    let second = server.login(&account).await;
    let wrong = server.sign_in(&account.email, "a wrong guess").send().await;
    assert_eq!(activate(&server, &root, &account.id, false).await.json()["is_active"], false);
    for tokens in [&first, &second] {
        assert_problem(&server.get("/auth/me").bearer(&tokens.access).send().await, 401, "invalid_token");
        let refresh = server.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh})).send().await;
        assert_problem(&refresh, 401, "invalid_refresh_token");
    }
    let refused = server.sign_in(&account.email, &account.password).send().await;
    assert_problem(&refused, 401, "invalid_credentials");
    assert_eq!(refused.json()["detail"], wrong.json()["detail"], "inactive looks like wrong");
    server.post("/auth/password-reset-request").json(&json!({"email": account.email})).send().await.expect(202);
    activate(&server, &root, &account.id, true).await;
    for tokens in [&first, &second] {
        assert_problem(&server.get("/auth/me").bearer(&tokens.access).send().await, 401, "invalid_token");
    }
    server.login(&account).await;
    server.post("/auth/password-reset-request").json(&json!({"email": account.email})).send().await.expect(202);
    server.mailbox().about(&account.email, "set a new password").await;
    let resets = server.mailbox().to(&account.email).into_iter().filter(|mail| mail.subject == "Set a new password");
    assert_eq!(resets.count(), 1, "the one that was asked for while the account was active");
}

#[tokio::test]
async fn deactivation_races_with_sign_ins_and_refreshes_and_wins() {
    let (server, root) = server().await;
    for round in 0..10 {
        let (account, tokens) = server.signed_in(&format!("user{round}@example.org")).await;
        let mut calls = vec![
            server
                .patch(&format!("/admin/users/{}", account.id))
                .bearer(&root.access)
                .json(&json!({"is_active": false})),
        ];
        for _ in 0..10 {
            calls.push(server.sign_in(&account.email, &account.password));
            calls.push(server.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh})));
        }
        let answers = at_once(calls).await;
        assert_eq!(answers[0].status, 200, "{:?}", answers[0]);
        for answer in answers[1..].iter().filter(|answer| answer.status == 200) {
            let tokens = Tokens::of(answer);
            assert_problem(&server.get("/auth/me").bearer(&tokens.access).send().await, 401, "invalid_token");
            let refresh = server.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh})).send().await;
            assert_problem(&refresh, 401, "invalid_refresh_token");
        }
    }
}

#[tokio::test]
async fn the_longest_standing_active_member_takes_over() {
    let (server, root) = server().await;
    for remove in [false, true] {
        let (owner, tokens) = server.signed_in(&format!("owner{remove}@example.org")).await;
        let team = server.team(&tokens, "Teamname").await;
        let waiting = server.register(&format!("awaiting{remove}@example.org")).await;
        server.invite(&tokens, &team, &waiting.email, "admin").send().await.expect(200);
        let (gone, _) = server.member(&tokens, &team, &format!("inactive{remove}@example.org"), "member").await;
        activate(&server, &root, &gone.id, false).await;
        let (heir, heirs) = server.member(&tokens, &team, &format!("heir{remove}@example.org"), "member").await;
        let (_, later) = server.member(&tokens, &team, &format!("later{remove}@example.org"), "member").await;
        server.get(&format!("/teams/{team}")).bearer(&heirs.access).send().await.expect(200);
        if remove {
            server.delete(&format!("/admin/users/{}", owner.id)).bearer(&root.access).send().await.expect(204);
        } else {
            activate(&server, &root, &owner.id, false).await;
        }
        assert_eq!(server.my_teams(&heirs).await[0]["role"], "admin");
        assert_eq!(server.my_teams(&later).await[0]["role"], "member");
        server.invite(&heirs, &team, &format!("new{remove}@example.org"), "member").send().await.expect(200);
        let event = events(&server, &root, "admin_appointed").await.remove(0);
        assert_eq!((&event["user_id"], &event["team_id"]), (&json!(heir.id), &json!(team)));
        assert_eq!(event["actor_id"], root.claims()["sub"]);
    }
}

#[tokio::test]
async fn a_team_that_nobody_can_take_over_is_frozen_until_a_superuser_appoints_an_admin() {
    let (server, root) = server().await;
    let (owner, tokens) = server.signed_in("owner@example.org").await;
    let team = server.team(&tokens, "Teamname").await;
    let (member, _) = server.member(&tokens, &team, "member@example.org", "member").await;
    let awaiting = server.register("awaiting@example.org").await;
    server.invite(&tokens, &team, &awaiting.email, "admin").send().await.expect(200);
    let appoint = |user: &str| {
        let call = server.patch(&format!("/admin/teams/{team}/members/{user}")).bearer(&root.access);
        call.json(&json!({"role": "admin"}))
    };
    activate(&server, &root, &member.id, false).await;
    activate(&server, &root, &owner.id, false).await;
    let event = events(&server, &root, "team_frozen").await.remove(0);
    assert_eq!((&event["team_id"], &event["actor_id"]), (&json!(team), &root.claims()["sub"]));
    let teams = server.get("/admin/teams").bearer(&root.access).send().await.expect(200);
    assert_eq!(teams.text_at("/items/0/id"), team);
    assert_eq!(teams.json()["items"][0]["has_admin"], json!(false));

    for user in [&member.id, &awaiting.id] {
        assert_problem(&appoint(user).send().await, 404, "member_not_found");
    }
    activate(&server, &root, &member.id, true).await;
    let tokens = server.login(&member).await;
    assert_problem(&server.invite(&tokens, &team, "x@example.org", "member").send().await, 403, "team_admin_required");
    let only_admin = server.patch(&format!("/admin/teams/{team}/members/{}", member.id)).bearer(&root.access);
    assert_problem(&only_admin.json(&json!({"role": "member"})).send().await, 422, "validation_failed");
    let answer = appoint(&member.id).send().await.expect(200);
    assert_eq!((answer.text_at("/role"), answer.text_at("/user_id")), ("admin".to_owned(), member.id.clone()));
    server.invite(&tokens, &team, "x@example.org", "member").send().await.expect(200);
    assert_eq!(server.my_teams(&tokens).await[0]["role"], "admin");
}

#[tokio::test]
async fn a_deleted_account_leaves_nothing_but_events_without_a_trace() {
    let (server, root) = server().await;
    let (owner, tokens) = server.signed_in("owner@example.org").await;
    let alone = server.team(&tokens, "Alone").await;
    let shared = server.team(&tokens, "Shared").await;
    let (_, member) = server.member(&tokens, &shared, "member@example.org", "admin").await;
    server.invite(&tokens, &shared, "guest@example.org", "member").send().await.expect(200);
    let other_team = server.team(&member, "Other").await;
    server.invite(&member, &other_team, "owner@example.org", "member").send().await.expect(200);
    server.delete(&format!("/admin/users/{}", owner.id)).bearer(&root.access).send().await.expect(204);
    assert_problem(&server.get("/auth/me").bearer(&tokens.access).send().await, 401, "invalid_token");
    let gone = server.get(&format!("/admin/users/{}", owner.id)).bearer(&root.access).send().await;
    assert_problem(&gone, 404, "user_not_found");
    assert_problem(&server.sign_in(&owner.email, &owner.password).send().await, 401, "invalid_credentials");
    let teams = server.get("/admin/teams").bearer(&root.access).send().await.expect(200).text;
    assert!(!teams.contains(&alone) && teams.contains(&shared), "{teams}");
    let list =
        server.get(&format!("/teams/{shared}/invitations")).bearer(&member.access).send().await.expect(200).json();
    assert_eq!(
        (&list["items"][0]["email"], &list["items"][0]["invited_by"]),
        (&json!("guest@example.org"), &Value::Null)
    );

    let events = server
        .get(&format!("/admin/audit?user_id={}&limit=200", owner.id))
        .bearer(&root.access)
        .send()
        .await
        .expect(200);
    let items = events.json()["items"].as_array().unwrap().clone();
    assert!(items.iter().any(|item| item["event"] == "account_deleted"), "{items:?}");
    for item in items.iter().filter(|item| item["actor_id"] == owner.id.as_str()) {
        assert_eq!((&item["network"], &item["user_agent"]), (&Value::Null, &Value::Null), "{item}");
    }
    let new = server.register(&owner.email).await;
    assert_ne!(new.id, owner.id);
    assert_problem(&server.get("/auth/me").bearer(&tokens.access).send().await, 401, "invalid_token");
}

#[tokio::test]
async fn sessions_that_a_superuser_ends_are_over_at_once() {
    let (server, root) = server().await;
    let (account, first) = server.signed_in("user@example.org").await;
    let second = server.login(&account).await;
    let (_, other) = server.signed_in("other@example.org").await;
    let path = format!("/admin/users/{}/sessions", account.id);
    server.delete(&path).bearer(&root.access).send().await.expect(204);
    for tokens in [&first, &second] {
        assert_problem(&server.get("/auth/me").bearer(&tokens.access).send().await, 401, "invalid_token");
        let refresh = server.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh})).send().await;
        assert_problem(&refresh, 401, "invalid_refresh_token");
    }
    server.get("/auth/me").bearer(&other.access).send().await.expect(200);
    let fresh = server.login(&account).await;
    server.get("/auth/me").bearer(&fresh.access).send().await.expect(200);
}
