//! What may be a password, how it is compared, and what is kept of it.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Account, Answer, PASSWORD, Setup, TestServer, Tokens, assert_problem};

async fn registered(server: &TestServer, email: &str, password: &str) {
    server.registration(email, password).send().await.expect(201);
    server.sign_in(email, password).send().await.expect(200);
}

async fn refused(server: &TestServer, email: &str, password: &str) {
    assert_problem(&server.sign_in(email, password).send().await, 401, "invalid_credentials");
}

#[track_caller]
fn assert_violation(answer: &Answer, field: &str, code: &str) {
    assert_problem(answer, 422, "validation_failed");
    let error = &answer.json()["errors"][0];
    assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!(code)), "{error}");
    assert!(error["message"].as_str().is_some_and(|message| message.len() > 10), "{error}");
}

#[tokio::test]
async fn length_is_judged_from_8_to_128_characters() {
    let server = TestServer::start().await;
    for (n, length) in [0, 1, 7, 129, 1_000, 20_000].into_iter().enumerate() {
        let password: String = "zk4!vPq9".chars().cycle().take(length).collect();
        let answer = server.registration(&format!("short{n}@example.org"), &password).send().await;
        assert_violation(&answer, "password", if length < 8 { "too_short" } else { "too_long" });
    }
    assert_eq!(server.rows().await.count("users").await, 0);
    for length in [8, 14, 15, 64, 128] {
        let password: String = "zk4!vPq9".chars().cycle().take(length).collect();
        registered(&server, &format!("fits{length}@example.org"), &password).await;
    }
}

#[tokio::test]
async fn every_character_of_a_long_password_counts() {
    let server = TestServer::start().await;
    let keys = "\u{1f511}".repeat(63);
    let ascii: String = "zk4!vPq9".chars().cycle().take(127).collect();
    for (n, stem) in [keys.as_str(), &ascii, &ascii[..71], &ascii[..72], &ascii[..73]].into_iter().enumerate() {
        let email = format!("long{n}@example.org");
        registered(&server, &email, &format!("{stem}\u{1f512}")).await;
        refused(&server, &email, &format!("{stem}\u{1f513}")).await;
        refused(&server, &email, stem).await;
        refused(&server, &email, &format!("{stem}\u{1f512}x")).await;
    }
}

#[tokio::test]
async fn a_nul_ends_no_password() {
    let server = TestServer::start().await;
    registered(&server, "nul@example.org", "abc\u{0}defghij").await;
    for other in ["abc\u{0}XYZghij", "abc", "abc\u{0}", "abcdefghij", "abc\u{0}defghij\u{0}"] {
        refused(&server, "nul@example.org", other).await;
    }
    registered(&server, "plain@example.org", "wandering otters").await;
    refused(&server, "plain@example.org", "wandering otters\u{0}").await;
    refused(&server, "plain@example.org", "wandering otters\u{0}sing").await;
}

#[tokio::test]
async fn nothing_is_trimmed_or_folded() {
    let server = TestServer::start().await;
    registered(&server, "exact@example.org", " Wandering\tOtters ").await;
    for other in [
        "Wandering\tOtters",
        " Wandering\tOtters",
        "Wandering\tOtters ",
        " Wandering Otters ",
        " wandering\totters ",
        " WANDERING\tOTTERS ",
        " Wandering\tOtters  ",
        " Wandering\tOtter\u{17f} ",
    ] {
        refused(&server, "exact@example.org", other).await;
    }
}

#[tokio::test]
async fn both_unicode_forms_of_a_password_are_one_wherever_it_is_asked_for() {
    const COMPOSED: &str = "caf\u{e9} au lait \u{e0} midi";
    const DECOMPOSED: &str = "cafe\u{301} au lait a\u{300} midi";
    let server = TestServer::start().await;
    registered(&server, "forms@example.org", DECOMPOSED).await;
    let login = server.sign_in("forms@example.org", COMPOSED).send().await.expect(200);
    let change = json!({"current_password": DECOMPOSED, "new_password": format!("{COMPOSED}!")});
    let call = server.post("/auth/change-password").bearer(&Tokens::of(&login).access).json(&change);
    call.send().await.expect(200);
    server.sign_in("forms@example.org", &format!("{DECOMPOSED}!")).send().await.expect(200);

    server.post("/auth/password-reset-request").json(&json!({"email": "forms@example.org"})).send().await.expect(202);
    let token = server.mailbox().about("forms@example.org", "new password").await.token();
    let reset = json!({"token": token, "new_password": format!("{DECOMPOSED}?")});
    server.post("/auth/password-reset").json(&reset).send().await.expect(200);
    server.sign_in("forms@example.org", &format!("{COMPOSED}?")).send().await.expect(200);
    refused(&server, "forms@example.org", "cafe au lait a midi?").await;

    registered(&server, "proof@example.org", DECOMPOSED).await;
    let token = server.mailbox().about("proof@example.org", "verify").await.token();
    let verify = json!({"token": token, "password": COMPOSED});
    server.post("/auth/verify-email").json(&verify).send().await.expect(200);
    let tokens = Tokens::of(&server.sign_in("proof@example.org", COMPOSED).send().await.expect(200));
    let change = json!({"current_password": COMPOSED, "new_email": "moved@example.org"});
    server.post("/auth/change-email").bearer(&tokens.access).json(&change).send().await.expect(202);
    let gone = json!({"current_password": COMPOSED});
    server.post("/auth/delete-account").bearer(&tokens.access).json(&gone).send().await.expect(204);
}

#[tokio::test]
async fn there_are_no_rules_of_composition() {
    let server = TestServer::start().await;
    let passphrases = [
        "wanderingotterssings",
        "83920174650192837465",
        "q w e z x c v b n",
        "\u{767d}\u{3044}\u{732b}\u{304c}\u{5c4b}\u{6839}\u{3067}\u{5bdd}\u{3066}\u{3044}\u{308b}",
        "\u{1f34e}\u{1f34f}\u{1f350}\u{1f351}\u{1f352}\u{1f353}\u{1f347}\u{1f348}",
        "'; DROP TABLE users; --",
    ];
    for (n, password) in passphrases.into_iter().enumerate() {
        registered(&server, &format!("free{n}@example.org"), password).await;
    }
}

#[tokio::test]
async fn common_and_personal_passwords_are_refused_with_a_reason() {
    let server = TestServer::start().await;
    for common in ["password123", "PassWord123", "12345678", "qwertyuiop"] {
        let answer = server.registration("user@example.org", common).send().await;
        assert_violation(&answer, "password", "common_password");
    }
    for personal in ["someone.special@example.org", "SomeoneSpecial", "FirstnameLastname1"] {
        let answer = server.registration("someone.special@example.org", personal).send().await;
        assert_violation(&answer, "password", "personal_password");
    }
    assert_eq!(server.rows().await.count("users").await, 0);
    let (_, tokens) = server.signed_in("someone.special@example.org").await;
    for (bad, code) in [("password123", "common_password"), ("SomeoneSpecial", "personal_password")] {
        let body = json!({"current_password": PASSWORD, "new_password": bad});
        let answer = server.post("/auth/change-password").bearer(&tokens.access).json(&body).send().await;
        assert_violation(&answer, "new_password", code);
    }
    server.sign_in("someone.special@example.org", PASSWORD).send().await.expect(200);
}

#[tokio::test]
async fn an_enormous_password_is_refused_before_any_hashing() {
    // At this cost one hash takes longer than all of these calls may.
    let server = Setup::default().set("PASSWORD__BCRYPT_COST", "15").start().await;
    for size in [5_000, 60_000, 70_000, 1_000_000, 10_000_000] {
        let password = "x".repeat(size);
        for call in [server.registration("user@example.org", &password), server.sign_in("user@example.org", &password)]
        {
            let start = Instant::now();
            // A body that is not read to its end may cost the connection.
            if let Ok(answer) = call.try_send().await {
                let (status, code) =
                    if size < 65_000 { (422, "validation_failed") } else { (413, "payload_too_large") };
                assert_problem(&answer, status, code);
            }
            assert!(start.elapsed() < Duration::from_millis(1_500), "{size} octets took {:?}", start.elapsed());
        }
    }
    let rows = server.rows().await;
    let compared = "SELECT COUNT(*) FROM audit_events WHERE kind = 'login_failed'";
    assert_eq!((rows.count("users").await, rows.one::<i64>(compared).await), (0, 0));
    server.get("/health/live").send().await.expect(200);
}

#[tokio::test]
async fn what_is_kept_of_passwords_is_a_salted_hash_of_the_cost_that_is_set() {
    let server = Setup::default().set("PASSWORD__BCRYPT_COST", "10").start().await;
    for n in 0..12 {
        server.registration(&format!("user{n}@example.org"), PASSWORD).send().await.expect(201);
    }
    let hashes = server.rows().await.column::<String>("SELECT password_hash FROM users").await;
    assert!(hashes.iter().all(|hash| hash.starts_with("$2b$10$") && hash.len() == 60), "{hashes:?}");
    let mut salts: Vec<&str> = hashes.iter().map(|hash| &hash[7..29]).collect();
    salts.sort_unstable();
    salts.dedup();
    assert_eq!(salts.len(), 12);
}

#[tokio::test]
async fn a_login_makes_a_hash_of_a_lower_cost_anew() {
    let mut server = TestServer::start().await;
    let account = server.register("user@example.org").await;
    server.terminate().await;
    let server = server.restart_with(Setup::default().set("PASSWORD__BCRYPT_COST", "6")).await;
    let hash = async || server.rows().await.one::<String>("SELECT password_hash FROM users").await;
    refused(&server, &account.email, "not this one").await;
    assert!(hash().await.starts_with("$2b$04$"));
    let tokens = server.login(&account).await;
    assert!(hash().await.starts_with("$2b$06$"));
    server.login(&account).await;
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
}

#[tokio::test]
async fn no_secret_stands_in_database_or_log() {
    let mut server = TestServer::start().await;
    let (account, tokens) = server.signed_in("keeper@example.org").await;
    let Account { email, password, .. } = account;
    let team = server.team(&tokens, "Teamname").await;
    let invite = json!({"email": "guest@example.org", "role": "member"});
    server.post(&format!("/teams/{team}/invite")).bearer(&tokens.access).json(&invite).send().await.expect(200);
    server.post("/auth/password-reset-request").json(&json!({"email": email})).send().await.expect(202);
    let change = json!({"current_password": password, "new_email": "elsewhere@example.org"});
    server.post("/auth/change-email").bearer(&tokens.access).json(&change).send().await.expect(202);
    let refresh = json!({"refresh_token": tokens.refresh});
    let second = Tokens::of(&server.post("/auth/refresh").json(&refresh).send().await.expect(200));
    server.register("unverified@example.org").await;

    let mailbox = server.mailbox();
    let mailed = [
        mailbox.about(&email, "verify").await.token(),
        mailbox.about(&email, "new password").await.token(),
        mailbox.about("guest@example.org", "invitation").await.token(),
        mailbox.about("elsewhere@example.org", "confirm").await.token(),
        mailbox.about("unverified@example.org", "verify").await.token(),
    ];
    for path in ["/reset-password?token=", "/verify-email?token=", "/accept-invitation?token="] {
        server.get(&format!("{path}{}", mailed[1])).send().await;
    }
    let secrets = [password, tokens.access, tokens.refresh, second.access, second.refresh].into_iter().chain(mailed);
    let secrets: Vec<String> = secrets.collect();
    let while_running = kept(&server).await;
    server.terminate().await;
    let (afterwards, log) = (kept(&server).await, server.log());
    assert!(afterwards.windows(email.len()).any(|octets| octets == email.as_bytes()), "the search finds what is there");
    for secret in &secrets {
        for (place, octets) in
            [("database", &while_running), ("database", &afterwards), ("log", &log.clone().into_bytes())]
        {
            assert!(!octets.windows(secret.len()).any(|part| part == secret.as_bytes()), "{secret} is in the {place}");
        }
    }
}

/// Everything in the data folder, if there is one, but the mails, and every row, wherever it is.
async fn kept(server: &TestServer) -> Vec<u8> {
    let rows = server.rows().await.dump().await.into_bytes();
    let files = std::fs::read_dir(server.data_dir())
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file());
    files.flat_map(|file| std::fs::read(file).unwrap()).chain(rows).collect()
}

#[tokio::test]
async fn a_password_does_not_age() {
    let server = TestServer::start().await;
    let account = server.verified("old@example.org").await;
    let sql = "UPDATE users SET created_at = '2001-01-01T00:00:00.000Z', updated_at = '2001-01-01T00:00:00.000Z'";
    assert_eq!(server.rows().await.execute(sql).await, 1);
    let tokens = server.login(&account).await;
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
}
