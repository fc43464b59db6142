//! The sessions of an account, as its owner sees and ends them.

use std::time::Instant;

use serde_json::{Value, json};

use crate::support::{Account, PASSWORD, Setup, TestServer, Tokens, assert_problem, claims_of};

async fn list(server: &TestServer, tokens: &Tokens) -> Vec<Value> {
    let answer = server.get("/auth/sessions").bearer(&tokens.access).send().await.expect(200);
    answer.json().as_array().unwrap().clone()
}

fn id(tokens: &Tokens) -> String {
    claims_of(&tokens.access)["sid"].as_str().unwrap().to_owned()
}

async fn refreshed(server: &TestServer, tokens: &Tokens) -> Tokens {
    let body = json!({"refresh_token": tokens.refresh});
    Tokens::of(&server.post("/auth/refresh").json(&body).send().await.expect(200))
}

/// Whether both tokens count; it is a defect if one does and the other does not.
async fn is_live(server: &TestServer, tokens: &Tokens) -> bool {
    let me = server.get("/auth/me").bearer(&tokens.access).send().await;
    let body = json!({"refresh_token": tokens.refresh});
    let refresh = server.post("/auth/refresh").json(&body).send().await;
    match (me.status, refresh.status) {
        (200, 200) => true,
        (401, 401) => {
            assert_problem(&me, 401, "invalid_token");
            assert_problem(&refresh, 401, "invalid_refresh_token");
            false
        }
        odd => panic!("half alive: {odd:?}"),
    }
}

async fn three(server: &TestServer, email: &str) -> (Account, [Tokens; 3]) {
    let account = server.verified(email).await;
    let sessions = [server.login(&account).await, server.login(&account).await, server.login(&account).await];
    (account, sessions)
}

async fn lives(server: &TestServer, sessions: &[Tokens]) -> Vec<bool> {
    let mut lives = vec![];
    for tokens in sessions {
        lives.push(is_live(server, tokens).await);
    }
    lives
}

#[tokio::test]
async fn the_list_shows_ones_own_live_sessions_newest_first() {
    let server = TestServer::start().await;
    let account = server.verified("list@example.org").await;
    server.signed_in("another@example.org").await;
    let first = Tokens::of(
        &server.sign_in(&account.email, PASSWORD).header("user-agent", "first program").send().await.expect(200),
    );
    let second = server.login(&account).await;
    let ended = server.login(&account).await;
    server.post("/auth/logout").bearer(&ended.access).send().await.expect(204);

    let listed = list(&server, &first).await;
    let shown: Vec<(&str, bool)> =
        listed.iter().map(|s| (s["id"].as_str().unwrap(), s["current"].as_bool().unwrap())).collect();
    assert_eq!(shown, [(id(&second).as_str(), false), (id(&first).as_str(), true)]);
    assert_eq!((&listed[1]["user_agent"], &listed[1]["ip"]), (&json!("first program"), &json!("127.0.0.1")));
    let mut fields: Vec<&str> = listed[0].as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["created_at", "current", "id", "ip", "last_seen_at", "user_agent"]);
    assert_problem(&server.get("/auth/sessions").send().await, 401, "authentication_required");
}

#[tokio::test]
async fn one_session_ends_and_the_others_go_on() {
    let server = TestServer::start().await;
    let (_, sessions) = three(&server, "one@example.org").await;
    let (_, stranger) = server.signed_in("stranger@example.org").await;
    let end = |tokens: &Tokens, id: &str| server.delete(&format!("/auth/sessions/{id}")).bearer(&tokens.access).send();
    let foreign = end(&stranger, &id(&sessions[1])).await;
    assert_problem(&foreign, 404, "session_not_found");
    end(&sessions[0], &id(&sessions[1])).await.expect(204);
    assert_problem(&end(&sessions[0], &id(&sessions[1])).await, 404, "session_not_found");
    for unknown in ["018f0000-0000-7000-8000-000000000000", "7", "' OR 1=1", "%00"] {
        let path = format!("/auth/sessions/{}", unknown.replace(' ', "%20").replace('\'', "%27"));
        let answer = server.delete(&path).bearer(&sessions[0].access).send().await;
        assert_eq!(answer.status, 404, "{unknown}: {}", answer.text);
    }
    assert_eq!(lives(&server, &sessions).await, [true, false, true]);
    assert!(is_live(&server, &stranger).await);
    end(&sessions[0], &id(&sessions[0])).await.expect(204);
    assert_eq!(lives(&server, &sessions[..1]).await, [false]);
}

#[tokio::test]
async fn a_logout_ends_what_its_scope_says() {
    let server = TestServer::start().await;
    for (query, expected) in [
        ("", [false, true, true]),
        ("?scope=local", [false, true, true]),
        ("?scope=others", [true, false, false]),
        ("?scope=all", [false, false, false]),
    ] {
        let email = format!("scope{}@example.org", query.replace("?scope=", "-"));
        let (account, sessions) = three(&server, &email).await;
        server.post(&format!("/auth/logout{query}")).bearer(&sessions[0].access).send().await.expect(204);
        assert_eq!(lives(&server, &sessions).await, expected, "{query}");
        assert!(is_live(&server, &server.login(&account).await).await, "signing in again works");
    }
    let (_, tokens) = server.signed_in("bad-scope@example.org").await;
    for query in ["?scope=everything", "?scope=", "?scope=ALL"] {
        let answer = server.post(&format!("/auth/logout{query}")).bearer(&tokens.access).send().await;
        assert_problem(&answer, 422, "validation_failed");
    }
    assert!(is_live(&server, &tokens).await);
}

#[tokio::test]
async fn the_oldest_session_ends_when_there_are_too_many() {
    let server = Setup::default().set("SESSIONS__PER_USER", "3").start().await;
    let account = server.verified("many@example.org").await;
    let (_, another) = server.signed_in("another@example.org").await;
    let mut sessions = vec![];
    for _ in 0..5 {
        sessions.push(server.login(&account).await);
        // Warm: a node must not go on believing in what has been pushed out.
        server.get("/auth/me").bearer(&sessions.last().unwrap().access).send().await.expect(200);
    }
    assert_eq!(lives(&server, &sessions).await, [false, false, true, true, true]);
    assert_eq!(list(&server, &sessions[4]).await.len(), 3);
    assert!(is_live(&server, &another).await);
    let ended = "SELECT COUNT(*) FROM audit_events WHERE kind = 'session_ended' AND detail = 'too_many_sessions'";
    assert_eq!(server.rows().await.one::<i64>(ended).await, 2);
    assert_eq!(server.log().matches("too_many_sessions").count(), 2);

    let start = Instant::now();
    for _ in 0..100 {
        server.login(&account).await;
    }
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    let rows = server.rows().await;
    assert_eq!(rows.one::<i64>("SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL").await, 4);
}

#[tokio::test]
async fn last_seen_moves_at_sign_in_and_refresh_only() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("seen@example.org").await;
    let before = list(&server, &tokens).await.remove(0);
    assert_eq!(before["last_seen_at"], before["created_at"]);
    let dump = server.rows().await.dump().await;
    for _ in 0..3 {
        server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
        server.get("/auth/teams").bearer(&tokens.access).send().await.expect(200);
    }
    assert_eq!(list(&server, &tokens).await, std::slice::from_ref(&before));
    assert_eq!(server.rows().await.dump().await, dump, "a request that only reads writes nothing");
    let next = refreshed(&server, &tokens).await;
    let after = list(&server, &next).await.remove(0);
    assert_eq!((&after["id"], &after["created_at"]), (&before["id"], &before["created_at"]));
    assert!(after["last_seen_at"].as_str() > before["last_seen_at"].as_str(), "{after}");
}

#[tokio::test]
async fn a_new_password_ends_every_session_and_hands_out_tokens() {
    let server = TestServer::start().await;
    let (account, sessions) = three(&server, "password@example.org").await;
    let forgotten = json!({"email": account.email});
    server.post("/auth/password-reset-request").json(&forgotten).send().await.expect(202);
    let reset = server.mailbox().about(&account.email, "new password").await.token();
    let change = |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        server.post("/auth/change-password").bearer(&sessions[0].access).json(&body).send()
    };
    assert_problem(&change("a wrong password", "eight brown jugs").await, 403, "wrong_password");
    assert_problem(&change(PASSWORD, "password").await, 422, "validation_failed");
    assert_eq!(list(&server, &sessions[0]).await.len(), 3, "a refusal ends nothing");

    let fresh = Tokens::of(&change(PASSWORD, "eight brown jugs").await.expect(200));
    assert_eq!(lives(&server, &sessions).await, [false, false, false]);
    assert_eq!(list(&server, &fresh).await.len(), 1);
    assert!(is_live(&server, &fresh).await);
    assert_problem(&server.sign_in(&account.email, PASSWORD).send().await, 401, "invalid_credentials");
    server.sign_in(&account.email, "eight brown jugs").send().await.expect(200);
    let body = json!({"token": reset, "new_password": "nine grey stones"});
    assert_problem(&server.post("/auth/password-reset").json(&body).send().await, 400, "invalid_token");
    server.mailbox().about(&account.email, "was changed").await;
}
