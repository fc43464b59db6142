//! Signing in: who may, what a refusal tells, and how often one may guess.

use serde_json::{Value, json};

use crate::support::{
    Answer, Call, HASHING_COST, PASSWORD, Setup, TestServer, Timing, Tokens, assert_no_leak, assert_problem,
};
use crate::support::{at_once, count};

/// One account of each kind that an address may belong to; the others than the last do not let anybody in.
async fn four_kinds(server: &TestServer) -> [(&'static str, &'static str); 4] {
    server.verified("known@example.org").await;
    server.verified("inactive@example.org").await;
    server.register("unverified@example.org").await;
    let rows = server.rows().await;
    assert_eq!(rows.execute("UPDATE users SET is_active = FALSE WHERE email = 'inactive@example.org'").await, 1);
    [
        ("known@example.org", "not the password"),
        ("unknown@example.org", PASSWORD),
        ("inactive@example.org", PASSWORD),
        ("unverified@example.org", "not the password"),
    ]
}

#[tokio::test]
async fn a_refusal_does_not_tell_why() {
    let server = TestServer::start().await;
    let kinds = four_kinds(&server).await;
    let rows = server.rows().await;
    let mut answers = vec![];
    for (email, password) in kinds {
        let before = (rows.count("audit_events").await, rows.count("sessions").await);
        let answer = server.sign_in(email, password).send().await;
        assert_problem(&answer, 401, "invalid_credentials");
        let after = (rows.count("audit_events").await, rows.count("sessions").await);
        assert_eq!(after, (before.0 + 1, before.1), "{email}");
        answers.push(answer);
    }
    let reasons = "SELECT detail FROM audit_events WHERE kind = 'login_failed' ORDER BY id";
    let expected = ["wrong_password", "unknown_account", "inactive", "wrong_password"];
    assert_eq!(rows.column::<String>(reasons).await, expected);
    for answer in &answers {
        assert_eq!(answer.comparable(), answers[0].comparable());
        assert_eq!(answer.text.len(), answers[0].text.len());
    }
    // But an unverified account does sign in.
    server.sign_in("unverified@example.org", PASSWORD).send().await.expect(200);
}

#[tokio::test]
async fn a_refusal_takes_the_same_time_whatever_its_reason() {
    let server = TestServer::start().await;
    let [known, unknown, inactive, unverified] = four_kinds(&server).await.map(|(email, password)| {
        let server = &server;
        move |_| server.sign_in(email, password)
    });
    Timing::assert_all_alike(&[&known, &unknown, &inactive, &unverified]).await;
}

#[tokio::test]
async fn whatever_the_reason_of_a_refusal_a_password_is_hashed() {
    let server = Setup::default().set("PASSWORD__BCRYPT_COST", HASHING_COST).start().await;
    let [(known, wrong), others @ ..] = four_kinds(&server).await;
    for (email, password) in others {
        Timing::assert_both_hash(|_| server.sign_in(known, wrong), |_| server.sign_in(email, password)).await;
    }
}

/// Behind a proxy that says where clients are.
fn proxied() -> Setup {
    Setup::default().set("SERVER__TRUSTED_PROXIES", "127.0.0.1/32")
}

fn from(call: Call, client: &str) -> Call {
    call.header("x-forwarded-for", client)
}

#[tokio::test]
async fn guesses_from_many_networks_are_counted_together_and_the_owner_is_not_locked_out() {
    let server = proxied().set("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "20").start().await;
    let account = server.verified("victim@example.org").await;
    let at_home = || from(server.sign_in(&account.email, PASSWORD), "198.51.100.7");
    let tokens = Tokens::of(&at_home().send().await.expect(200));

    let mut answers = vec![];
    for n in 1..=60 {
        answers.push(from(server.sign_in(&account.email, "a guess"), &format!("203.0.{n}.9")).send().await);
    }
    assert!(answers[..20].iter().all(|answer| answer.status == 401), "{answers:?}");
    for answer in &answers[20..] {
        assert_problem(answer, 429, "rate_limited");
        let seconds: u32 = answer.header("retry-after").parse().unwrap();
        assert!((3_000..=3_600).contains(&seconds), "{seconds}");
    }
    // Not even the right password passes from a network that nobody signed in from.
    assert_problem(&from(server.sign_in(&account.email, PASSWORD), "203.0.200.9").send().await, 429, "rate_limited");

    at_home().send().await.expect(200);
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    server.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh})).send().await.expect(200);
    // At home, too, guesses have an end.
    let mut statuses = vec![];
    for _ in 0..22 {
        statuses.push(from(server.sign_in(&account.email, "a guess"), "198.51.100.7").send().await.status);
    }
    assert_eq!(statuses, [[401; 20].as_slice(), &[429; 2]].concat());
}

#[tokio::test]
async fn guesses_at_an_unknown_address_end_at_the_same_number() {
    let server = Setup::default().set("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "5").start().await;
    server.register("known@example.org").await;
    for email in ["known@example.org", "unknown@example.org", "KNOWN@example.org"] {
        let mut answers = vec![];
        for _ in 0..7 {
            answers.push(server.sign_in(email, "a guess").send().await);
        }
        // Another spelling is no other account.
        let fresh = if email.starts_with("KNOWN") { 0 } else { 5 };
        assert_eq!((count(&answers, 401), count(&answers, 429)), (fresh, 7 - fresh), "{email}");
    }
}

#[tokio::test]
async fn right_passwords_are_not_counted_against_the_account() {
    let server = Setup::default().set("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "3").start().await;
    let account = server.register("user@example.org").await;
    for _ in 0..6 {
        server.login(&account).await;
    }
    let wrong = server.sign_in(&account.email, "a guess").send().await;
    assert_problem(&wrong, 401, "invalid_credentials");
}

#[tokio::test]
async fn parallel_guesses_do_not_pass_the_limit() {
    let server = Setup::default().set("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "5").start().await;
    for round in 0..10 {
        let email = format!("user{round}@example.org");
        server.register(&email).await;
        let guesses = (0..30).map(|n| server.sign_in(&email, &format!("guess number {n}")));
        let answers = at_once(guesses).await;
        assert_eq!((count(&answers, 401), count(&answers, 429)), (5, 25), "{answers:?}");
        // The right one, hidden among wrong ones once the limit is reached, is not told from them.
        let guesses = (0..20).map(|n| server.sign_in(&email, if n == 13 { PASSWORD } else { "a guess" }));
        let answers = at_once(guesses).await;
        assert_eq!(count(&answers, 429), 20, "{answers:?}");
    }
}

#[tokio::test]
async fn one_password_tried_on_many_accounts_is_stopped_by_the_network() {
    let server = Setup::default().set("LIMITS__LOGIN_PER_MINUTE_PER_IP", "10").start().await;
    let account = server.register("user@example.org").await;
    let answers = at_once((0..40).map(|n| server.sign_in(&format!("user{n}@example.org"), PASSWORD))).await;
    assert_eq!((count(&answers, 401), count(&answers, 429)), (10, 30), "{answers:?}");
    assert_problem(&server.sign_in(&account.email, PASSWORD).send().await, 429, "rate_limited");
    assert_eq!(server.rows().await.count("sessions").await, 0);
}

#[tokio::test]
async fn an_own_sign_in_does_not_buy_further_guesses() {
    let server = Setup::default()
        .set("LIMITS__LOGIN_PER_MINUTE_PER_IP", "8")
        .set("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "100")
        .start()
        .await;
    server.register("victim@example.org").await;
    let own = server.register("own@example.org").await;
    let mut passed = 0;
    for _ in 0..4 {
        for _ in 0..3 {
            passed += u32::from(server.sign_in("victim@example.org", "a guess").send().await.status == 401);
        }
        server.sign_in(&own.email, PASSWORD).send().await;
    }
    assert_eq!(passed, 6, "eight attempts, two of them the own sign-ins");
}

#[tokio::test]
async fn no_input_is_read_as_a_query() {
    let server = TestServer::start().await;
    let account = server.verified("user@example.org").await;
    let before = server.rows().await.count("users").await;
    let inputs = [
        "' OR 1=1--",
        "' OR '1'='1",
        "user@example.org'--",
        "a'/**/UNION/**/SELECT/**/*@example.org",
        "%@example.org",
        "_ser@example.org",
        "user\\@example.org",
        "u%@example.org",
        "*@example.org",
        "'; DELETE FROM users;--",
        "user@example.org\u{0}",
    ];
    for input in inputs {
        let as_email = server.sign_in(input, PASSWORD).send().await;
        assert!([401, 422].contains(&as_email.status), "{input}: {}", as_email.text);
        assert_no_leak(&as_email);
        assert_problem(&server.sign_in(&account.email, input).send().await, 401, "invalid_credentials");
    }
    for body in [
        json!({"email": {"$gt": ""}, "password": {"$gt": ""}}),
        json!({"email": "user@example.org", "password": {"$ne": null}}),
        json!({"email": "user@example.org", "password": ["seven brown bottles"]}),
        json!({"email": ["user@example.org"], "password": PASSWORD}),
        json!({"email": "user@example.org", "password": true}),
        json!({"email": "user@example.org"}),
        json!({}),
    ] {
        assert_problem(&server.post("/auth/login").json(&body).send().await, 422, "validation_failed");
    }
    assert_eq!(server.rows().await.count("users").await, before);
    server.login(&account).await;
}

#[tokio::test]
async fn credentials_in_a_query_are_refused_and_not_logged() {
    let mut server = TestServer::start().await;
    server.register("user@example.org").await;
    let path = "/auth/login?email=user@example.org&password=seven%20brown%20bottles&trace=distinctive";
    assert_problem(&server.post(path).send().await, 415, "unsupported_media_type");
    assert_problem(&server.post(path).json(&json!({})).send().await, 422, "validation_failed");
    assert_problem(&server.get(path).send().await, 405, "method_not_allowed");
    let form = server.post("/auth/login").header("content-type", "application/x-www-form-urlencoded");
    let form = form.body("email=user%40example.org&password=seven+brown+bottles").send().await;
    assert_problem(&form, 415, "unsupported_media_type");
    server.terminate().await;
    let log = server.log();
    assert!(log.contains("/auth/login"), "requests are logged");
    // Neither in any form that was sent, nor a part of it.
    for secret in ["seven", "brown", "bottles", "user@example.org", "user%40example.org", "distinctive"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn a_sign_in_answers_what_is_documented_and_nothing_else() {
    let server = TestServer::start().await;
    let account = server.verified("user@example.org").await;
    let answer = server.sign_in(&account.email, PASSWORD).send().await.expect(200);
    assert_no_leak(&answer);
    assert!(answer.header("cache-control").contains("no-store"));
    assert!(answer.header("set-cookie").is_empty());
    let body = answer.json();
    let mut fields: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["access_token", "expires_in", "refresh_expires_in", "refresh_token", "token_type"]);
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(900)));
    let mut claims: Vec<_> = claims(&answer).as_object().unwrap().keys().cloned().collect();
    claims.sort_unstable();
    let expected = ["aud", "email", "exp", "iat", "iss", "jti", "roles", "sid", "sub", "teams", "user_id"];
    assert_eq!(claims, expected);
}

fn claims(login: &Answer) -> Value {
    let token = login.text_at("/access_token");
    let decoded = jsonwebtoken::dangerous::insecure_decode::<Value>(&token);
    decoded.unwrap().claims
}

#[tokio::test]
async fn every_sign_in_is_a_session_of_its_own_and_adopts_none_that_was_sent() {
    let server = TestServer::start().await;
    let account = server.verified("user@example.org").await;
    let first = server.sign_in(&account.email, PASSWORD).send().await.expect(200);
    let planted = Tokens::of(&first);
    let mut body = json!({"email": account.email, "password": PASSWORD});
    body["refresh_token"] = json!(planted.refresh);
    body["access_token"] = json!(planted.access);
    body["sid"] = claims(&first)["sid"].clone();
    let call = server.post("/auth/login").bearer(&planted.access).json(&body);
    let second = call.header("cookie", &format!("session={}", planted.refresh)).send().await.expect(200);
    let (one, other) = (claims(&first), claims(&second));
    assert_ne!(one["jti"], other["jti"]);
    assert_ne!(one["sid"], other["sid"]);
    assert_eq!(one["sub"], other["sub"]);
    let own = Tokens::of(&second);
    assert_ne!(own.refresh, planted.refresh);
    // Ending the one leaves the other.
    server.post("/auth/logout").bearer(&planted.access).send().await.expect(204);
    server.get("/auth/me").bearer(&own.access).send().await.expect(200);
    assert_problem(&server.get("/auth/me").bearer(&planted.access).send().await, 401, "invalid_token");
}

#[tokio::test]
async fn a_fresh_server_knows_nobody() {
    let server = TestServer::start().await;
    assert_eq!(server.rows().await.count("users").await, 0);
    for name in ["admin", "root", "test", "user", "superuser"] {
        for host in ["example.org", "example.com", "localhost.localdomain", "countersign.example"] {
            for password in [name, "password", "changeme", "admin"] {
                let answer = server.sign_in(&format!("{name}@{host}"), password).send().await;
                assert_problem(&answer, 401, "invalid_credentials");
            }
        }
        assert_problem(&server.sign_in(name, name).send().await, 422, "validation_failed");
    }
}
