//! What owners do with their accounts: change, export, delete.

use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, TestServer, Tokens, assert_no_leak, assert_problem};

async fn me(server: &TestServer, tokens: &Tokens) -> Value {
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json()
}

async fn patch(server: &TestServer, tokens: &Tokens, body: Value) -> Answer {
    server.patch("/auth/me").bearer(&tokens.access).json(&body).send().await
}

async fn delete(server: &TestServer, tokens: &Tokens, password: &str) -> Answer {
    let body = json!({"current_password": password});
    server.post("/auth/delete-account").bearer(&tokens.access).json(&body).send().await
}

async fn invite(server: &TestServer, admin: &Tokens, team: &str, email: &str, role: &str) {
    let body = json!({"email": email, "role": role});
    server.post(&format!("/teams/{team}/invite")).bearer(&admin.access).json(&body).send().await.expect(200);
}

#[tokio::test]
async fn names_change_and_nothing_else_does() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("names@example.org").await;
    let before = me(&server, &tokens).await;
    let answer = patch(&server, &tokens, json!({"first_name": "  Other  "})).await.expect(200);
    assert_eq!(
        (answer.text_at("/first_name"), answer.text_at("/last_name")),
        ("Other".to_owned(), "Lastname".to_owned())
    );
    assert_eq!(me(&server, &tokens).await["first_name"], "Other", "the next read sees it");

    let assignment = json!({
        "last_name": "Changed", "id": "018f0000-0000-7000-8000-000000000000", "email": "root@example.org",
        "is_superuser": true, "is_active": false, "email_verified": false, "created_at": "2000-01-01T00:00:00Z",
        "password": "another password", "password_hash": "x", "role": "admin", "epoch": 9,
    });
    patch(&server, &tokens, assignment).await.expect(200);
    let after = me(&server, &tokens).await;
    assert_eq!((&after["first_name"], &after["last_name"]), (&json!("Other"), &json!("Changed")));
    for field in ["id", "email", "is_active", "is_superuser", "email_verified", "created_at", "teams"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert!(after["updated_at"].as_str() > before["updated_at"].as_str());
    server.sign_in(&account.email, PASSWORD).send().await.expect(200);

    for (body, field) in [
        (json!({"first_name": null}), "first_name"),
        (json!({"first_name": ""}), "first_name"),
        (json!({"last_name": "   "}), "last_name"),
        (json!({"last_name": "x".repeat(101)}), "last_name"),
        (json!({"first_name": "a\u{0}b"}), "first_name"),
        (json!({"first_name": "a\nb"}), "first_name"),
        (json!({"last_name": 7}), "last_name"),
    ] {
        let answer = patch(&server, &tokens, body).await;
        assert_problem(&answer, 422, "validation_failed");
        assert_eq!(answer.text_at("/errors/0/field"), field);
    }
    patch(&server, &tokens, json!({})).await.expect(200);
    let call = server.patch("/auth/me").bearer(&tokens.access).header("content-type", "application/json");
    let doubled = call.body(r#"{"first_name":"A","first_name":"B"}"#).send().await;
    assert_problem(&doubled, 400, "malformed_body");
    assert_eq!(me(&server, &tokens).await["first_name"], "Other");
}

#[tokio::test]
async fn an_export_holds_everything_but_secrets() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("export@example.org").await;
    let (_, another) = server.signed_in("another@example.org").await;
    let (own, joined) = (server.team(&tokens, "Own").await, server.team(&another, "Joined").await);
    invite(&server, &another, &joined, &account.email, "member").await;
    server.login(&account).await;
    assert_problem(&server.sign_in(&account.email, "wrong password").send().await, 401, "invalid_credentials");

    let answer = server.get("/auth/me/export").bearer(&tokens.access).send().await.expect(200);
    assert_no_leak(&answer);
    assert!(answer.header("cache-control").contains("no-store"), "{answer:?}");
    let export = answer.json();
    let mut user = me(&server, &tokens).await;
    for aside in ["teams", "teams_truncated"] {
        user.as_object_mut().unwrap().remove(aside).unwrap();
    }
    assert_eq!(export["user"], user);
    let mut teams: Vec<&str> = export["teams"].as_array().unwrap().iter().map(|t| t["id"].as_str().unwrap()).collect();
    teams.sort_unstable();
    let mut expected = [own.as_str(), joined.as_str()];
    expected.sort_unstable();
    assert_eq!(teams, expected);
    assert_eq!(export["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(export["sign_in_networks"][0]["network"], "127.0.0.0/24");
    let events: Vec<&str> =
        export["audit_events"].as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect();
    for event in ["registered", "email_verified", "login_succeeded", "login_failed", "team_created", "account_exported"]
    {
        assert!(events.contains(&event), "{event} is missing in {events:?}");
    }
    for foreign in ["another@example.org", tokens.refresh.as_str(), tokens.access.as_str(), "digest", "hash"] {
        assert!(!answer.text.contains(foreign), "{foreign}");
    }
    assert_problem(&server.get("/auth/me/export").send().await, 401, "authentication_required");
}

#[tokio::test]
async fn an_account_that_others_depend_on_stays() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("needed@example.org").await;
    let (heir, heir_tokens) = server.signed_in("heir@example.org").await;
    let team = server.team(&tokens, "Depending").await;
    invite(&server, &tokens, &team, "heir@example.org", "member").await;
    assert_problem(&delete(&server, &tokens, "a wrong password").await, 403, "wrong_password");
    assert_problem(&delete(&server, &tokens, PASSWORD).await, 409, "last_admin");
    assert_eq!(me(&server, &tokens).await["teams"][0]["id"], team.as_str(), "nothing has happened");

    let path = format!("/teams/{team}/members/{}", heir.id);
    server.patch(&path).bearer(&tokens.access).json(&json!({"role": "admin"})).send().await.expect(200);
    delete(&server, &tokens, PASSWORD).await.expect(204);
    let members = server.get(&format!("/teams/{team}/members")).bearer(&heir_tokens.access).send().await.expect(200);
    assert_eq!(members.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(members.text_at("/items/0/role"), "admin");
}

#[tokio::test]
async fn two_last_admins_cannot_both_leave_a_member_behind() {
    let server = TestServer::start().await;
    for round in 0..10 {
        let email = |name: &str| format!("{name}{round}@example.org");
        let accounts = server.many_signed_in(["first", "second", "member"].map(email)).await;
        let [(_, first), (_, second), _] = &accounts[..] else { unreachable!("three were asked for") };
        let team = server.team(first, "Raced").await;
        invite(&server, first, &team, &email("second"), "admin").await;
        invite(&server, first, &team, &email("member"), "member").await;
        let call = |tokens: &Tokens| {
            let body = json!({"current_password": PASSWORD});
            server.post("/auth/delete-account").bearer(&tokens.access).json(&body)
        };
        let answers = crate::support::at_once(vec![call(first), call(second)]).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409], "{answers:?}");
    }
}

#[tokio::test]
async fn a_deleted_account_leaves_nothing_that_names_it() {
    let server = TestServer::start().await;
    let (_, staying) = server.signed_in("staying@example.org").await;
    let other_team = server.team(&staying, "Staying").await;
    let body = json!({
        "email": "vanishing@example.org", "password": PASSWORD, "first_name": "Zweitvorname", "last_name": "Quastenflosser",
    });
    let agent = "VanishingProgram/1.0";
    server.post("/auth/register").header("user-agent", agent).json(&body).send().await.expect(201);
    let token = server.mailbox().wait_for("vanishing@example.org", 1).await[0].token();
    let verify = json!({"token": token, "password": PASSWORD});
    server.post("/auth/verify-email").header("user-agent", agent).json(&verify).send().await.expect(200);
    let login = server.sign_in("vanishing@example.org", PASSWORD).header("user-agent", agent).send().await;
    let tokens = Tokens::of(&login.expect(200));
    let id = me(&server, &tokens).await["id"].as_str().unwrap().to_owned();

    // Traces everywhere: teams, invitations of it and by it, one-time tokens, mails.
    let sole = server.team(&tokens, "Sole team").await;
    invite(&server, &tokens, &sole, "unknown@example.org", "member").await;
    let moving = json!({"current_password": PASSWORD, "new_email": "vanishing-elsewhere@example.org"});
    server.post("/auth/change-email").bearer(&tokens.access).json(&moving).send().await.expect(202);
    let forgotten = json!({"email": "vanishing@example.org"});
    server.post("/auth/password-reset-request").json(&forgotten).send().await.expect(202);
    invite(&server, &staying, &other_team, "vanishing@example.org", "admin").await;
    invite(&server, &tokens, &other_team, "invited-by-it@example.org", "member").await;
    server.sign_in("vanishing@example.org", "wrong password").header("user-agent", agent).send().await.expect(401);
    server.mailbox().wait_for("invited-by-it@example.org", 1).await;

    let rows = server.rows().await;
    let before = rows.dump().await.to_lowercase();
    let hex = id.replace('-', "");
    for trace in
        ["vanishing@", "vanishing-elsewhere@", "zweitvorname", "quastenflosser", "vanishingprogram", "sole team"]
    {
        assert!(before.contains(trace), "{trace} should be there before");
    }
    delete(&server, &tokens, PASSWORD).await.expect(204);

    let after = rows.dump().await.to_lowercase();
    for trace in ["vanishing", "zweitvorname", "quastenflosser", "sole team"] {
        let left: Vec<&str> = after.lines().filter(|line| line.contains(trace)).collect();
        assert!(left.is_empty(), "{trace}: {left:#?}");
    }
    let left: Vec<&str> = after.lines().filter(|line| line.contains(&id) || line.contains(&hex)).collect();
    let (notes, events): (Vec<&str>, Vec<&str>) = left.iter().partition(|line| line.starts_with("erasures: "));
    assert_eq!(notes.len(), 1, "what is to be erased once more, when no request of the account can be under way");
    assert!(!events.is_empty() && events.iter().all(|line| line.starts_with("audit_events: ")), "{events:#?}");
    let (mine, traced): (i64, i64) = (
        rows.one("SELECT COUNT(*) FROM audit_events WHERE kind = 'account_deleted'").await,
        rows.one(
            "SELECT COUNT(*) FROM audit_events AS a WHERE (network IS NOT NULL OR user_agent IS NOT NULL) AND EXISTS \
             (SELECT 1 FROM audit_events AS d WHERE d.kind = 'account_deleted' AND d.user_id IN (a.user_id, a.actor_id))",
        )
        .await,
    );
    assert_eq!((mine, traced), (1, 0), "the audit keeps the id, but neither network nor program");
    assert_problem(&server.get(&format!("/teams/{sole}")).bearer(&tokens.access).send().await, 401, "invalid_token");
    assert_eq!(me(&server, &staying).await["teams"][0]["id"], other_team.as_str());
}

#[tokio::test]
async fn the_same_address_registered_again_is_another_account() {
    let server = TestServer::start().await;
    let (former, old) = server.signed_in("again@example.org").await;
    let team = server.team(&old, "Former").await;
    delete(&server, &old, PASSWORD).await.expect(204);
    assert_problem(&server.sign_in(&former.email, PASSWORD).send().await, 401, "invalid_credentials");

    let (account, new) = {
        let registered = server.registration("again@example.org", "eight brown jugs").send().await.expect(201);
        let login = server.sign_in("again@example.org", "eight brown jugs").send().await.expect(200);
        (registered.text_at("/id"), Tokens::of(&login))
    };
    assert_ne!(account, former.id);
    assert_problem(&server.get("/auth/me").bearer(&old.access).send().await, 401, "invalid_token");
    let body = json!({"refresh_token": old.refresh});
    assert_problem(&server.post("/auth/refresh").json(&body).send().await, 401, "invalid_refresh_token");
    assert_eq!(me(&server, &new).await["teams"], json!([]));
    assert_problem(&server.get(&format!("/teams/{team}")).bearer(&new.access).send().await, 404, "team_not_found");
}
