//! Creating, changing and deleting teams.

use serde_json::{Value, json};

use crate::support::{Setup, TestServer, assert_no_leak, assert_problem, at_once, tally};

#[tokio::test]
async fn the_creator_is_the_only_admin_whatever_else_the_body_says() {
    let server = TestServer::start().await;
    let (_, other) = server.signed_in("other@example.org").await;
    let theirs = server.team(&other, "Theirs").await;
    let (account, tokens) = server.signed_in("creator@example.org").await;
    let somebody = other.claims()["sub"].clone();
    let body = json!({
        "name": "  Ours  ", "description": "What we do", "id": theirs, "owner_id": somebody, "created_by": somebody,
        "members": [{"user_id": somebody, "role": "admin"}], "role": "member", "status": "awaiting_verification",
        "plan": "gold", "created_at": "2001-01-01T00:00:00Z",
    });
    let answer = server.post("/teams").bearer(&tokens.access).json(&body).send().await.expect(201);
    assert_no_leak(&answer);
    let id = answer.text_at("/id");
    assert_ne!(id, theirs);
    assert_eq!((answer.text_at("/name").as_str(), answer.text_at("/description").as_str()), ("Ours", "What we do"));
    assert!(!answer.text_at("/created_at").starts_with("2001"), "{}", answer.text);
    assert!(answer.header("location").ends_with(&format!("/teams/{id}")), "{answer:?}");
    let keys: Vec<_> = answer.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["created_at", "description", "id", "name", "updated_at"]);

    let members = server.get(&format!("/teams/{id}/members")).bearer(&tokens.access).send().await.expect(200);
    assert_eq!(members.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(members.text_at("/items/0/user_id"), account.id);
    assert_eq!(
        (members.text_at("/items/0/role"), members.text_at("/items/0/status")),
        ("admin".into(), "active".into())
    );
    assert_eq!(server.my_teams(&other).await.len(), 1);
}

#[tokio::test]
async fn an_unverified_account_is_admin_of_what_it_creates() {
    let server = TestServer::start().await;
    let account = server.register("unverified@example.org").await;
    let tokens = server.login(&account).await;
    let team = server.team(&tokens, "Own").await;
    assert_eq!(server.refreshed(&tokens).await.claims()["roles"], json!({ team.as_str(): "admin" }));
    server.invite(&tokens, &team, "guest@example.org", "member").send().await.expect(200);
}

#[tokio::test]
async fn parallel_creations_stop_at_the_limit_and_every_team_has_its_admin() {
    let server = Setup::default().set("TEAMS__PER_USER", "5").start().await;
    let admins = "SELECT COUNT(*) FROM user_teams WHERE role = 'admin' AND status = 'active'";
    let rows = server.rows().await;
    for round in 1..=10 {
        let (_, tokens) = server.signed_in(&format!("busy{round}@example.org")).await;
        let create = |n| server.post("/teams").bearer(&tokens.access).json(&json!({"name": format!("Team {n}")}));
        let answers = at_once((0..40).map(create)).await;
        assert_eq!(tally(&answers), [(201, 5), (409, 35)].into());
        for refused in answers.iter().filter(|answer| answer.status == 409) {
            assert_problem(refused, 409, "team_limit_reached");
        }
        assert_eq!(rows.count("teams").await, 5 * round);
        assert_eq!(rows.one::<i64>(admins).await, 5 * round);
        assert_eq!(server.my_teams(&tokens).await.len(), 5);

        let one = server.my_teams(&tokens).await[0]["id"].as_str().unwrap().to_owned();
        server.delete(&format!("/teams/{one}")).bearer(&tokens.access).send().await.expect(204);
        assert_eq!(tally(&at_once((0..5).map(create)).await), [(201, 1), (409, 4)].into(), "there is room for one");
    }
}

#[tokio::test]
async fn names_and_descriptions_keep_their_rules() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("a@example.org").await;
    let team = server.team(&tokens, "Plain").await;
    let long = "x".repeat(101);
    for name in [
        json!(""),
        json!("   "),
        json!(long),
        json!("a\r\nBcc: b@example.org"),
        json!("a\u{0}b"),
        json!(7),
        json!(null),
    ] {
        for call in [server.post("/teams"), server.patch(&format!("/teams/{team}"))] {
            let answer = call.bearer(&tokens.access).json(&json!({"name": name})).send().await;
            assert_problem(&answer, 422, "validation_failed");
            assert_eq!(answer.text_at("/errors/0/field"), "name");
        }
    }
    let body = json!({"name": "ok", "description": "y".repeat(1001)});
    assert_problem(&server.post("/teams").bearer(&tokens.access).json(&body).send().await, 422, "validation_failed");
    assert_eq!(server.my_teams(&tokens).await.len(), 1);
}

#[tokio::test]
async fn a_change_keeps_what_it_does_not_name() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("a@example.org").await;
    let team = server.team(&tokens, "Before").await;
    let path = format!("/teams/{team}");
    for (change, name, description) in [
        (json!({"description": "Words"}), "Before", json!("Words")),
        (json!({"name": "After", "id": "x", "created_at": null}), "After", json!("Words")),
        (json!({}), "After", json!("Words")),
        (json!({"description": null}), "After", Value::Null),
    ] {
        let answer = server.patch(&path).bearer(&tokens.access).json(&change).send().await.expect(200).json();
        assert_eq!((answer["name"].as_str(), &answer["description"]), (Some(name), &description), "{change}");
        assert_eq!(server.get(&path).bearer(&tokens.access).send().await.expect(200).json(), answer);
        assert_eq!(server.my_teams(&tokens).await[0]["name"], name);
    }
}

#[tokio::test]
async fn a_deleted_team_is_gone_for_everyone_at_once() {
    let server = TestServer::start().await;
    let (_, admin) = server.signed_in("admin@example.org").await;
    let team = server.team(&admin, "Short-lived").await;
    let (_, member) = server.member(&admin, &team, "member@example.org", "member").await;
    let token = server.invited(&admin, &team, "invited@example.org", "member").await;
    let path = format!("/teams/{team}");
    server.get(&path).bearer(&member.access).send().await.expect(200);
    server.delete(&path).bearer(&admin.access).send().await.expect(204);
    for tokens in [&admin, &member] {
        assert_problem(&server.get(&path).bearer(&tokens.access).send().await, 404, "team_not_found");
        assert!(server.my_teams(tokens).await.is_empty());
        assert_eq!(server.refreshed(tokens).await.claims()["teams"], json!([]));
    }
    assert_problem(&server.accept(&token, None).send().await, 400, "invalid_token");
    assert_problem(&server.delete(&path).bearer(&admin.access).send().await, 404, "team_not_found");
    let rows = server.rows().await;
    assert_eq!((rows.count("user_teams").await, rows.count("invitations").await), (0, 0));
}
