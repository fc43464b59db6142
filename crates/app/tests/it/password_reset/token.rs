//! The mailed token: how long it counts, and that nothing else does.

use serde_json::json;

use crate::password_reset::{FRESH, accounts_with_tokens, mailed, request, reset, token_for};
use crate::support::{PASSWORD, Setup, TestServer, Timing, assert_problem, at_once, count, near_miss};

#[tokio::test]
async fn a_token_is_used_once() {
    let server = TestServer::start().await;
    let account = server.verified("user@example.org").await;
    let token = token_for(&server, &account).await;
    reset(&server, &token, FRESH).send().await.expect(200);
    assert_problem(&reset(&server, &token, "yet another phrase").send().await, 400, "invalid_token");
    server.sign_in(&account.email, FRESH).send().await.expect(200);
    for old in [PASSWORD, "yet another phrase"] {
        assert_problem(&server.sign_in(&account.email, old).send().await, 401, "invalid_credentials");
    }
}

#[tokio::test]
async fn of_parallel_resets_with_one_token_exactly_one_counts() {
    let server = TestServer::start().await;
    for (account, token) in accounts_with_tokens(&server, 10).await {
        let password = |n: usize| format!("parallel phrase number {n}");
        let answers = at_once((0..30).map(|n| reset(&server, &token, &password(n)))).await;
        assert_eq!((count(&answers, 200), count(&answers, 400)), (1, 29), "{answers:?}");
        let logins = at_once((0..30).map(|n| server.sign_in(&account.email, &password(n)))).await;
        let winners: Vec<bool> = answers.iter().map(|answer| answer.status == 200).collect();
        assert_eq!(logins.iter().map(|login| login.status == 200).collect::<Vec<_>>(), winners);
    }
}

#[tokio::test]
async fn a_new_token_replaces_the_former() {
    let server = TestServer::start().await;
    let account = server.verified("user@example.org").await;
    let first = token_for(&server, &account).await;
    request(&server, &account.email).send().await.expect(202);
    let second = mailed(&server, &account, 1).await;
    assert_ne!(first, second);
    assert_problem(&reset(&server, &first, FRESH).send().await, 400, "invalid_token");
    reset(&server, &second, FRESH).send().await.expect(200);
    assert_problem(&reset(&server, &first, FRESH).send().await, 400, "invalid_token");
}

#[tokio::test]
async fn a_password_change_and_an_expiry_end_a_token() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("user@example.org").await;
    let token = token_for(&server, &account).await;
    let change = json!({"current_password": PASSWORD, "new_password": FRESH});
    server.post("/auth/change-password").bearer(&tokens.access).json(&change).send().await.expect(200);
    assert_problem(&reset(&server, &token, "yet another phrase").send().await, 400, "invalid_token");

    request(&server, &account.email).send().await.expect(202);
    let token = mailed(&server, &account, 1).await;
    let sql = "UPDATE one_time_tokens SET expires_at = '2020-01-01T00:00:00.000Z' WHERE purpose = 'password_reset'";
    assert_eq!(server.rows().await.execute(sql).await, 1);
    assert_problem(&reset(&server, &token, "yet another phrase").send().await, 400, "invalid_token");
    server.sign_in(&account.email, FRESH).send().await.expect(200);
}

#[tokio::test]
async fn a_token_lives_as_long_as_is_set() {
    let server = Setup::default().set("TOKENS__RESET_TTL", "10m").start().await;
    let account = server.verified("user@example.org").await;
    token_for(&server, &account).await;
    let rows = server.rows().await;
    let seconds = rows.seconds_between("created_at", "expires_at");
    let lifetime = format!("SELECT {seconds} FROM one_time_tokens WHERE purpose = 'password_reset'");
    assert_eq!(rows.one::<i64>(&lifetime).await, 600);
}

#[tokio::test]
async fn tokens_cannot_be_guessed() {
    let server = Setup::default().set("LIMITS__TOKEN_FAILURES_PER_MINUTE_PER_IP", "10").start().await;
    let account = server.verified("user@example.org").await;
    let first = token_for(&server, &account).await;
    request(&server, &account.email).send().await.expect(202);
    let token = mailed(&server, &account, 1).await;
    for token in [&first, &token] {
        // 256 bits in base64url, and no JWT.
        assert!(token.len() >= 43 && token.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)), "{token}");
    }
    let same = first.chars().zip(token.chars()).filter(|(one, other)| one == other).count();
    assert!(same < 15, "{first} and {token} are alike");

    let answers = at_once((0..40).map(|n| reset(&server, &near_miss(&token, n), FRESH))).await;
    assert_eq!((count(&answers, 400), count(&answers, 429)), (10, 30), "{answers:?}");
    for answer in &answers {
        let code = if answer.status == 400 { "invalid_token" } else { "rate_limited" };
        assert_problem(answer, answer.status, code);
    }
    // Nor does a right guess come through among the wrong ones.
    assert_problem(&reset(&server, &token, FRESH).send().await, 429, "rate_limited");
    server.login(&account).await;
}

#[tokio::test]
async fn a_near_miss_takes_as_long_as_a_token_that_is_far_off() {
    let server = TestServer::start().await;
    let token = token_for(&server, &server.verified("user@example.org").await).await;
    let far_off: String = token.chars().rev().collect();
    let near = |n: usize| reset(&server, &near_miss(&token, token.len() - 1 - n % 8), FRESH);
    Timing::assert_alike(near, |n| reset(&server, &near_miss(&far_off, n), FRESH)).await;
    reset(&server, &token, FRESH).send().await.expect(200);
}

#[tokio::test]
async fn a_token_shows_nowhere_but_in_its_mail() {
    let mut server = TestServer::start().await;
    let account = server.verified("user@example.org").await;
    let requested = request(&server, &account.email).send().await.expect(202);
    let token = mailed(&server, &account, 0).await;
    let page = server.get(&format!("/reset-password?token={token}")).send().await.expect(200);
    assert_eq!(page.header("referrer-policy"), "strict-origin");
    assert!(page.header("cache-control").contains("no-store"));
    let refused = reset(&server, &token, "short").send().await.expect(422);
    let done = reset(&server, &token, FRESH).send().await.expect(200);
    for answer in [&requested, &refused, &done] {
        assert!(!answer.text.contains(&token));
        assert!(answer.headers.values().all(|value| !value.to_str().unwrap_or_default().contains(&token)));
    }
    server.terminate().await;
    let log = server.log();
    assert!(log.contains("/reset-password"), "requests are logged");
    assert!(!log.contains(&token));
}

#[tokio::test]
async fn looking_at_the_page_does_not_use_the_token_up() {
    let server = TestServer::start().await;
    let account = server.verified("user@example.org").await;
    let token = token_for(&server, &account).await;
    for _ in 0..3 {
        server.get(&format!("/reset-password?token={token}")).send().await.expect(200);
        server.get(&format!("/auth/password-reset?token={token}")).send().await.expect(405);
    }
    reset(&server, &token, FRESH).send().await.expect(200);
}

#[tokio::test]
async fn only_the_exact_token_works() {
    let server = TestServer::start().await;
    let account = server.verified("user@example.org").await;
    let token = token_for(&server, &account).await;
    let swapped: String = token.chars().map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c }).collect();
    let last = token.chars().last().unwrap();
    // The last of 43 characters has two unused bits; setting one decodes to the same octets in a lax decoder.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let neighbour = alphabet.chars().nth((alphabet.find(last).unwrap() & !3) + 1).unwrap();
    let malleated = format!("{}{neighbour}", &token[..token.len() - 1]);
    let mutations = [
        token.to_lowercase(),
        swapped,
        format!(" {token}"),
        format!("{token} "),
        format!("{token}\n"),
        format!("{token}="),
        format!("{token}%3D"),
        format!("%{:02X}{}", token.as_bytes()[0], &token[1..]),
        token[..token.len() - 1].to_owned(),
        format!("{token}\0"),
        malleated,
    ];
    for mutation in mutations.iter().filter(|mutation| **mutation != token) {
        assert_problem(&reset(&server, mutation, FRESH).send().await, 400, "invalid_token");
    }
    for other in [json!([token]), json!({"token": token}), json!(1), json!(null), json!("")] {
        let body = json!({"token": other, "new_password": FRESH});
        assert_problem(&server.post("/auth/password-reset").json(&body).send().await, 422, "validation_failed");
    }
    reset(&server, &token, FRESH).send().await.expect(200);
}
