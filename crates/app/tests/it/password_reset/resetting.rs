//! What a reset does.

use serde_json::json;

use crate::password_reset::{FRESH, accounts_with_tokens, assert_dead, reset, token_for};
use crate::support::{PASSWORD, TestServer, Tokens, assert_problem, at_once, count};

#[tokio::test]
async fn a_token_resets_its_own_account_whatever_else_is_sent() {
    let server = TestServer::start().await;
    let own = server.verified("own@example.org").await;
    let other = server.verified("other@example.org").await;
    let token = token_for(&server, &own).await;
    let body = json!({
        "token": token, "new_password": FRESH, "email": other.email, "user_id": other.id, "id": other.id, "sub": other.id,
    });
    server.post(&format!("/auth/password-reset?email={}", other.email)).json(&body).send().await.expect(200);
    server.sign_in(&own.email, FRESH).send().await.expect(200);
    assert_problem(&server.sign_in(&other.email, FRESH).send().await, 401, "invalid_credentials");
    server.login(&other).await;
}

#[tokio::test]
async fn no_token_outlives_a_reset_that_refreshes_and_logins_race_with() {
    let server = TestServer::start().await;
    for (account, token) in accounts_with_tokens(&server, 10).await {
        let sessions = [server.login(&account).await, server.login(&account).await, server.login(&account).await];
        let refreshes = (0..20).map(|n| {
            let refresh = &sessions[n % 3].refresh;
            server.post("/auth/refresh").json(&json!({"refresh_token": refresh}))
        });
        let logins = (0..6).map(|_| server.sign_in(&account.email, PASSWORD));
        let calls = refreshes.chain(logins).chain([reset(&server, &token, FRESH)]);
        let answers = at_once(calls).await;
        assert_eq!(answers.last().unwrap().status, 200, "{answers:?}");
        assert_eq!(count(&answers, 200) + count(&answers, 401), answers.len(), "{answers:?}");
        for tokens in &sessions {
            assert_dead(&server, tokens).await;
        }
        for answer in answers[..26].iter().filter(|answer| answer.status == 200) {
            assert_dead(&server, &Tokens::of(answer)).await;
        }
    }
}

#[tokio::test]
async fn a_reset_signs_nobody_in_and_tells_the_owner() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("user@example.org").await;
    let token = token_for(&server, &account).await;
    let answer = reset(&server, &token, FRESH).send().await.expect(200);
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["message"]);
    assert!(answer.header("set-cookie").is_empty() && answer.header("location").is_empty());
    assert_dead(&server, &tokens).await;
    let mail = server.mailbox().about(&account.email, "password was changed").await;
    for secret in [FRESH, PASSWORD, &token] {
        assert!(!mail.raw.contains(secret) && !answer.text.contains(secret));
    }
}

#[tokio::test]
async fn a_reset_proves_the_address_and_ends_what_else_was_mailed() {
    let server = TestServer::start().await;
    let account = server.register("user@example.org").await;
    let verification = server.mailbox().about(&account.email, "verify").await.token();
    let tokens = server.login(&account).await;
    let change = json!({"current_password": PASSWORD, "new_email": "elsewhere@example.org"});
    server.post("/auth/change-email").bearer(&tokens.access).json(&change).send().await.expect(202);
    let new_address = server.mailbox().about("elsewhere@example.org", "confirm").await.token();

    let token = token_for(&server, &account).await;
    reset(&server, &token, FRESH).send().await.expect(200);
    let confirm = server.post("/auth/confirm-email-change").json(&json!({"token": new_address})).send().await;
    assert_problem(&confirm, 400, "invalid_token");
    let disown = server.post("/auth/disown-account").json(&json!({"token": verification})).send().await;
    assert_problem(&disown, 400, "invalid_token");
    let tokens = Tokens::of(&server.sign_in(&account.email, FRESH).send().await.expect(200));
    let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json();
    assert_eq!((&me["email"], &me["email_verified"]), (&json!(account.email), &json!(true)));
}

#[tokio::test]
async fn a_refused_password_does_not_use_the_token_up() {
    let server = TestServer::start().await;
    let account = server.verified("someone.special@example.org").await;
    let token = token_for(&server, &account).await;
    let too_long = "x".repeat(129);
    for (bad, code) in [
        ("short", "too_short"),
        (too_long.as_str(), "too_long"),
        ("password123", "common_password"),
        ("SomeoneSpecial", "personal_password"),
    ] {
        let answer = reset(&server, &token, bad).send().await;
        assert_problem(&answer, 422, "validation_failed");
        assert_eq!(answer.json()["errors"][0]["field"], "new_password");
        assert_eq!(answer.json()["errors"][0]["code"], code);
    }
    server.login(&account).await;
    reset(&server, &token, FRESH).send().await.expect(200);
}

#[tokio::test]
async fn an_account_deactivated_meanwhile_is_not_reset() {
    let server = TestServer::start().await;
    let account = server.verified("user@example.org").await;
    let token = token_for(&server, &account).await;
    let rows = server.rows().await;
    assert_eq!(rows.execute("UPDATE users SET is_active = FALSE").await, 1);
    assert_problem(&reset(&server, &token, FRESH).send().await, 400, "invalid_token");
    assert_eq!(rows.execute("UPDATE users SET is_active = TRUE").await, 1);
    server.login(&account).await;
}
