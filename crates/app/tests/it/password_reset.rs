//! Resetting a password by mail: what a request tells, and what a token is good for.

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{Account, Call, PASSWORD, Setup, TestServer, Timing, Tokens, assert_problem, at_once, count};

const FRESH: &str = "a phrase chosen afresh";

fn request(server: &TestServer, email: &str) -> Call {
    server.post("/auth/password-reset-request").json(&json!({"email": email}))
}

fn reset(server: &TestServer, token: &str, new_password: &str) -> Call {
    server.post("/auth/password-reset").json(&json!({"token": token, "new_password": new_password}))
}

/// The token of the `nth` reset mail to the account, the first being 0; waits for it.
async fn mailed(server: &TestServer, account: &Account, nth: usize) -> String {
    for count in 1.. {
        let mails = server.mailbox().wait_for(&account.email, count).await;
        let tokens: Vec<_> = mails.iter().filter(|mail| mail.subject.contains("Set a new")).collect();
        if let Some(mail) = tokens.get(nth) {
            return mail.token();
        }
    }
    unreachable!("waiting ends in a panic")
}

/// A token for the account that has had none.
async fn token_for(server: &TestServer, account: &Account) -> String {
    request(server, &account.email).send().await.expect(202);
    mailed(server, account, 0).await
}

async fn assert_dead(server: &TestServer, tokens: &Tokens) {
    assert_problem(&server.get("/auth/me").bearer(&tokens.access).send().await, 401, "invalid_token");
    let refresh = server.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh}));
    assert_problem(&refresh.send().await, 401, "invalid_refresh_token");
}

#[tokio::test]
async fn a_request_answers_alike_and_costs_alike_but_mails_only_an_active_account() {
    let server = TestServer::start().await;
    let known = server.verified("known@example.org").await;
    let inactive = server.verified("inactive@example.org").await;
    let rows = server.rows().await;
    rows.execute("UPDATE users SET is_active = 0 WHERE email = 'inactive@example.org'").await;
    let before = (rows.count("one_time_tokens").await, rows.count("audit_events").await);
    let mut answers = vec![];
    for (n, email) in [&inactive.email, "unknown@example.org", &known.email].into_iter().enumerate() {
        answers.push(request(&server, email).send().await.expect(202));
        let n = i64::try_from(n).unwrap() + 1;
        let after = (rows.count("one_time_tokens").await, rows.count("audit_events").await);
        assert_eq!(after, (before.0 + n, before.1 + n), "{email}");
    }
    assert!(answers.iter().all(|answer| answer.comparable() == answers[0].comparable()), "{answers:?}");
    // Asked for last, so that a mail to the others would be here before.
    mailed(&server, &known, 0).await;
    assert_eq!(server.mailbox().to(&inactive.email).len(), 1, "the verification and nothing else");
    assert!(server.mailbox().to("unknown@example.org").is_empty());
    assert_problem(&request(&server, "not an address").send().await, 422, "validation_failed");
}

#[tokio::test]
async fn a_request_takes_the_same_time_for_every_address_even_while_no_mail_gets_through() {
    // Takes connections and says nothing.
    let mail_server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", mail_server.local_addr().unwrap());
    let server = Setup::default().variable("SMTP_URL", &url).start().await;
    server.register("known@example.org").await;
    for n in 0..10 {
        request(&server, &format!("warm-up{n}@example.org")).send().await.expect(202);
    }
    let unknown = |n| request(&server, &format!("unknown{n}@example.org"));
    Timing::assert_alike(60, |_| request(&server, "known@example.org"), unknown).await;
}

#[tokio::test]
async fn links_are_built_from_the_public_url_whatever_a_request_says() {
    let server = TestServer::start().await;
    let account = server.verified("user@example.org").await;
    let body = json!({
        "email": account.email, "redirect_url": "https://evil.example/", "base_url": "https://evil.example/",
        "callback": "https://evil.example/", "next": "//evil.example/", "host": "evil.example",
    });
    let call = server
        .post("/auth/password-reset-request?redirect_url=https://evil.example/")
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "https")
        .header("forwarded", "host=evil.example;proto=https")
        .header("x-original-url", "https://evil.example/")
        .header("referer", "https://evil.example/")
        .header("origin", "https://evil.example");
    call.json(&body).send().await.expect(202);
    let mail = server.mailbox().about(&account.email, "new password").await;
    assert!(!mail.raw.contains("evil"), "{}", mail.raw);
    assert!(mail.text.contains(&server.url("/reset-password?token=")), "{}", mail.text);
}

#[tokio::test]
async fn a_request_for_several_addresses_is_refused() {
    let server = TestServer::start().await;
    let account = server.verified("victim@example.org").await;
    for email in [
        json!(["victim@example.org", "evil@example.org"]),
        json!({"0": "victim@example.org"}),
        json!("victim@example.org,evil@example.org"),
        json!("victim@example.org evil@example.org"),
        json!("victim@example.org\nevil@example.org"),
        json!("victim@example.org\0evil@example.org"),
        json!(1),
        Value::Null,
    ] {
        let answer = server.post("/auth/password-reset-request").json(&json!({"email": email})).send().await;
        assert_problem(&answer, 422, "validation_failed");
    }
    let twice = r#"{"email":"victim@example.org","email":"evil@example.org"}"#;
    let call = server.post("/auth/password-reset-request").header("content-type", "application/json").body(twice);
    assert_problem(&call.send().await, 400, "malformed_body");
    let tokens = "SELECT COUNT(*) FROM one_time_tokens WHERE purpose = 'password_reset'";
    assert_eq!(server.rows().await.one::<i64>(tokens).await, 0);
    server.login(&account).await;
}

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
    for round in 0..3 {
        let account = server.verified(&format!("user{round}@example.org")).await;
        let token = token_for(&server, &account).await;
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
    let lifetime = "SELECT CAST(ROUND((julianday(expires_at) - julianday(created_at)) * 86400) AS INTEGER) \
                    FROM one_time_tokens WHERE purpose = 'password_reset'";
    assert_eq!(server.rows().await.one::<i64>(lifetime).await, 600);
}

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
    for round in 0..5 {
        let account = server.verified(&format!("user{round}@example.org")).await;
        let sessions = [server.login(&account).await, server.login(&account).await, server.login(&account).await];
        let token = token_for(&server, &account).await;
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
    let verification = server.mailbox().about(&account.email, "confirm").await.token();
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
async fn requests_for_one_address_are_bounded_and_the_bound_tells_nothing() {
    let server = Setup::default().set("LIMITS__RESET_PER_HOUR_PER_ADDRESS", "3").start().await;
    let account = server.verified("victim@example.org").await;
    let known = at_once((0..12).map(|_| request(&server, &account.email))).await;
    let unknown = at_once((0..12).map(|_| request(&server, "unknown@example.org"))).await;
    for answers in [&known, &unknown] {
        assert_eq!((count(answers, 202), count(answers, 429)), (3, 9), "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.status == 429) {
            assert_problem(answer, 429, "rate_limited");
        }
    }
    let rows = server.rows().await;
    let asked = "SELECT COUNT(*) FROM audit_events WHERE kind = 'password_reset_requested'";
    assert_eq!(rows.one::<i64>(asked).await, 6);
    // A mail that a later request replaced before it went out is not sent, so at most three.
    mailed(&server, &account, 0).await;
    server.register("later@example.org").await;
    server.mailbox().wait_for("later@example.org", 1).await;
    assert!(server.mailbox().to(&account.email).len() <= 1 + 3);
}

#[tokio::test]
async fn requests_of_one_network_are_bounded() {
    let server = Setup::default().set("LIMITS__RESET_PER_HOUR_PER_IP", "5").start().await;
    let answers = at_once((0..20).map(|n| request(&server, &format!("user{n}@example.org")))).await;
    assert_eq!((count(&answers, 202), count(&answers, 429)), (5, 15), "{answers:?}");
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

/// The token with one character changed.
fn near_miss(token: &str, n: usize) -> String {
    let mut octets = token.as_bytes().to_vec();
    let at = n % octets.len();
    octets[at] = if octets[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(octets).unwrap()
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
async fn a_token_shows_nowhere_but_in_its_mail() {
    let mut server = TestServer::start().await;
    let account = server.verified("user@example.org").await;
    let requested = request(&server, &account.email).send().await.expect(202);
    let token = mailed(&server, &account, 0).await;
    let page = server.get(&format!("/reset-password?token={token}")).send().await.expect(200);
    assert_eq!(page.header("referrer-policy"), "no-referrer");
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
async fn a_name_is_text_in_the_mail_and_nothing_more() {
    let server = TestServer::start().await;
    let name = "\"><a href=https://evil.example>{{7*7}}</a>";
    let body = json!({"email": "user@example.org", "password": PASSWORD, "first_name": name, "last_name": "Last"});
    server.post("/auth/register").json(&body).send().await.expect(201);
    request(&server, "user@example.org").send().await.expect(202);
    let mail = server.mailbox().about("user@example.org", "new password").await;
    assert!(!mail.html.contains("<a href=https://evil") && mail.html.contains("&lt;a href="), "{}", mail.html);
    assert!(!mail.html.contains("https://evil") && !mail.text.contains("https://evil"), "{}", mail.text);
    assert!(mail.text.contains("{{7*7}}"), "{}", mail.text);
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

#[tokio::test]
async fn an_account_deactivated_meanwhile_is_not_reset() {
    let server = TestServer::start().await;
    let account = server.verified("user@example.org").await;
    let token = token_for(&server, &account).await;
    let rows = server.rows().await;
    assert_eq!(rows.execute("UPDATE users SET is_active = 0").await, 1);
    assert_problem(&reset(&server, &token, FRESH).send().await, 400, "invalid_token");
    assert_eq!(rows.execute("UPDATE users SET is_active = 1").await, 1);
    server.login(&account).await;
}
