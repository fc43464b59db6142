//! The keys that sign access tokens, from their announcement to their end.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::support::{Setup, TestServer, Tokens, assert_no_leak, assert_problem, claims_of, header_of};

/// What `keys list` says: id, algorithm and state of each, the oldest first.
fn list(server: &TestServer) -> Vec<[String; 3]> {
    let output = server.run(&["keys", "list"], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let words = |line: &str| line.split_whitespace().take(3).map(str::to_owned).collect::<Vec<_>>();
    text.lines().map(|line| words(line).try_into().unwrap()).collect()
}

fn states(server: &TestServer) -> Vec<String> {
    list(server).into_iter().map(|[_, _, state]| state).collect()
}

/// Runs a command on the keys; what it said.
fn keys(server: &TestServer, arguments: &[&str]) -> String {
    let output = server.run(&[&["keys"], arguments].concat(), "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The published keys.
async fn published(server: &TestServer) -> Vec<Value> {
    let answer = server.get("/.well-known/jwks.json").send().await.expect(200);
    assert_no_leak(&answer);
    assert_eq!(answer.header("content-type"), "application/jwk-set+json");
    assert!(answer.header("cache-control").contains("max-age=300"), "{answer:?}");
    answer.json()["keys"].as_array().unwrap().clone()
}

async fn published_ids(server: &TestServer) -> Vec<String> {
    published(server).await.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(tokens: &Tokens) -> String {
    header_of(&tokens.access)["kid"].as_str().unwrap().to_owned()
}

fn issuer_of(tokens: &Tokens) -> String {
    claims_of(&tokens.access)["iss"].as_str().unwrap().to_owned()
}

async fn refreshed(server: &TestServer, tokens: &Tokens) -> Tokens {
    let body = json!({"refresh_token": tokens.refresh});
    Tokens::of(&server.post("/auth/refresh").json(&body).send().await.expect(200))
}

async fn status(server: &TestServer, tokens: &Tokens) -> u16 {
    server.get("/auth/me").bearer(&tokens.access).send().await.status
}

/// Lets an announcement be over, as if ten minutes had passed for the keys.
async fn pass_announcement(server: &TestServer) {
    let rows = server.rows().await;
    let earlier = |column: &str| rows.shifted(column, "-10 minutes");
    let (made, from, retired) = (earlier("created_at"), earlier("active_from"), earlier("retired_at"));
    let sql = format!("UPDATE signing_keys SET created_at = {made}, active_from = {from}, retired_at = {retired}");
    assert!(rows.execute(&sql).await > 0);
    // Nodes look every second.
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
}

#[tokio::test]
async fn a_verifier_needs_the_key_set_only() {
    for (name, algorithm, members) in [
        ("ES256", Algorithm::ES256, ["kty", "crv", "x", "y"].as_slice()),
        ("EdDSA", Algorithm::EdDSA, &["kty", "crv", "x"]),
        ("RS256", Algorithm::RS256, &["kty", "n", "e"]),
    ] {
        let server = Setup::default().set("TOKENS__ALGORITHM", name).start().await;
        let (account, tokens) = server.signed_in("verifier@example.org").await;
        let team = server.team(&tokens, "Verified").await;
        let tokens = refreshed(&server, &tokens).await;
        let keys = published(&server).await;
        assert_eq!(keys.len(), 1);
        let mut named: Vec<&str> = keys[0].as_object().unwrap().keys().map(String::as_str).collect();
        let mut expected = [members, &["kid", "alg", "use"]].concat();
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected, "the public half and nothing else");
        assert_eq!(header_of(&tokens.access), json!({"alg": name, "kid": keys[0]["kid"], "typ": "at+jwt"}));

        let set: JwkSet = serde_json::from_value(json!({"keys": keys})).unwrap();
        let key = DecodingKey::from_jwk(set.find(&kid(&tokens)).unwrap()).unwrap();
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&["countersign"]);
        validation.set_issuer(&[server.url("")]);
        let claims = jsonwebtoken::decode::<Value>(&tokens.access, &key, &validation).unwrap().claims;
        assert_eq!((claims["sub"].as_str(), &claims["user_id"]), (Some(account.id.as_str()), &claims["sub"]));
        assert_eq!((claims["email"].as_str(), &claims["teams"]), (Some("verifier@example.org"), &json!([team])));
        assert_eq!(claims["roles"], json!({team: "admin"}));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
        assert!(claims["jti"].is_string() && claims["sid"].is_string());
    }
}

#[tokio::test]
async fn a_rotation_is_announced_takes_over_and_interrupts_nobody() {
    let server = TestServer::start().await;
    let (_, first) = server.signed_in("rotation@example.org").await;
    let old = kid(&first);
    assert_eq!(list(&server), [[old.clone(), "ES256".to_owned(), "active".to_owned()]]);

    let said = keys(&server, &["rotate"]);
    assert_eq!(states(&server), ["active", "announced"]);
    let new = list(&server)[1][0].clone();
    assert!(said.contains(&new) && said.contains("announced"), "{said}");
    assert_eq!(published_ids(&server).await, [old.clone(), new.clone()]);
    let second = refreshed(&server, &first).await;
    assert_eq!(kid(&second), old, "an announced key does not sign");

    pass_announcement(&server).await;
    assert_eq!(states(&server), ["honoured", "active"]);
    let third = refreshed(&server, &second).await;
    assert_eq!(kid(&third), new);
    for tokens in [&first, &second, &third] {
        assert_eq!(status(&server, tokens).await, 200);
    }
    assert_eq!(published_ids(&server).await, [old.clone(), new.clone()]);

    let said = keys(&server, &["retire", &old]);
    assert!(said.contains(&old), "{said}");
    assert_eq!(states(&server), ["refused", "active"]);
    for tokens in [&first, &second] {
        let answer = server.get("/auth/me").bearer(&tokens.access).send().await;
        assert_problem(&answer, 401, "invalid_token");
    }
    assert_eq!(status(&server, &third).await, 200);
    assert_eq!(published_ids(&server).await, [new]);
    let rows = server.rows().await;
    let audited: Vec<String> = rows.column("SELECT kind FROM audit_events WHERE kind LIKE 'key_%' ORDER BY id").await;
    assert_eq!(audited, ["key_rotated", "key_rotated", "key_retired"]);
}

#[tokio::test]
async fn after_a_compromise_every_older_key_is_refused_at_once() {
    let server = TestServer::start().await;
    let (account, first) = server.signed_in("compromise@example.org").await;
    keys(&server, &["rotate"]);
    let said = keys(&server, &["rotate", "--now"]);
    // No wait: the command answers once it is in force.
    let answer = server.get("/auth/me").bearer(&first.access).send().await;
    assert_problem(&answer, 401, "invalid_token");
    let listed = list(&server);
    assert_eq!(states(&server), ["refused", "refused", "active"]);
    assert!(said.contains(&listed[2][0]), "{said}");
    assert_eq!(published_ids(&server).await, [listed[2][0].clone()]);

    let second = refreshed(&server, &first).await;
    assert_eq!(kid(&second), listed[2][0]);
    assert_eq!(status(&server, &second).await, 200);
    assert_eq!(status(&server, &server.login(&account).await).await, 200);
}

#[tokio::test]
async fn a_rotation_under_load_refuses_no_good_token() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("load@example.org").await;
    keys(&server, &["rotate"]);
    let calls = async {
        for _ in 0..100 {
            assert_eq!(status(&server, &tokens).await, 200);
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::join!(calls, pass_announcement(&server));
    assert_eq!(status(&server, &tokens).await, 200);
    assert_eq!(states(&server), ["honoured", "active"]);
}

#[tokio::test]
async fn another_algorithm_is_announced_and_stays_announced_over_restarts() {
    let mut server = TestServer::start().await;
    let (_, first) = server.signed_in("algorithm@example.org").await;
    let old = kid(&first);
    server.terminate().await;
    let setup = Setup::default().set("TOKENS__ALGORITHM", "EdDSA").set("TOKENS__ISSUER", "https://issuer.example.org");
    let mut server = server.restart_with(setup).await;
    let listed = list(&server);
    let shown: Vec<[&str; 2]> = listed.iter().map(|[_, algorithm, state]| [&**algorithm, &**state]).collect();
    assert_eq!(shown, [["ES256", "active"], ["EdDSA", "announced"]]);
    let second = refreshed(&server, &first).await;
    assert_eq!(kid(&second), old);
    assert_eq!(status(&server, &second).await, 200);

    server.terminate().await;
    let server = server.restart().await;
    assert_eq!(list(&server), listed, "a restart announces nothing anew");
    assert_eq!(published(&server).await.len(), 2);
    pass_announcement(&server).await;
    let third = refreshed(&server, &second).await;
    assert_eq!(header_of(&third.access)["alg"], "EdDSA");
    for tokens in [&second, &third] {
        assert_eq!(status(&server, tokens).await, 200);
    }
}

#[tokio::test]
async fn the_active_key_and_an_unknown_one_cannot_be_retired() {
    let server = TestServer::start().await;
    let active = list(&server)[0][0].clone();
    for (kid, why) in [(active.as_str(), "rotate first"), ("unknown", "no such key"), ("-unknown", "no such key")] {
        let output = server.run(&["keys", "retire", kid], "");
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(why), "{said}");
    }
    keys(&server, &["rotate"]);
    let announced = list(&server)[1][0].clone();
    keys(&server, &["retire", &announced]);
    assert_eq!(states(&server), ["active", "refused"]);
    keys(&server, &["retire", &announced]);
    pass_announcement(&server).await;
    assert_eq!(states(&server), ["active", "refused"], "the active key goes on");
}

#[tokio::test]
async fn the_secret_key_is_replaced_in_two_starts_and_no_token_is_lost() {
    let key = |octet: u8| {
        let octets: Vec<u8> = (0..32).map(|n| octet.wrapping_mul(n + 1)).collect();
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, octets)
    };
    let (old, new) = (key(3), key(7));
    let mut server = Setup::default().set("SECRET_KEY", &old).start().await;
    let (_, tokens) = server.signed_in("secret@example.org").await;
    let issuer = issuer_of(&tokens);
    server.terminate().await;
    // Nobody listens there: what is mailed waits.
    let silent = Setup::default().set("SECRET_KEY", &old).variable("SMTP_URL", "smtp://127.0.0.1:9");
    let mut server = server.restart_with(silent.set("TOKENS__ISSUER", &issuer)).await;
    let waiting = server.register("waiting@example.org").await;
    server.terminate().await;
    let both = Setup::default().set("SECRET_KEY", &new).set("SECRET_KEY_PREVIOUS", &old);
    let mut server = server.restart_with(both.set("TOKENS__ISSUER", &issuer)).await;
    assert!(server.log().contains("sealed the signing keys with the current secret key"));
    assert_eq!(status(&server, &tokens).await, 200);
    let tokens = refreshed(&server, &tokens).await;
    let due = "UPDATE mails SET next_attempt_at = '2000-01-01T00:00:00.000Z' WHERE status = 'queued'";
    server.rows().await.execute(due).await;
    let token = server.mailbox().wait_for(&waiting.email, 1).await[0].token();
    let proof = json!({"token": token, "password": waiting.password});
    server.post("/auth/verify-email").json(&proof).send().await.expect(200);
    server.terminate().await;
    let neither = server.run_with(&["serve"], &Setup::default().set("SECRET_KEY", &key(11)));
    assert_eq!(neither.status.code(), Some(1));
    let said = String::from_utf8_lossy(&neither.stderr).into_owned();
    assert!(said.contains("secret_key"), "{said}");
    let alone = Setup::default().set("SECRET_KEY", &new).set("TOKENS__ISSUER", &issuer);
    let server = server.restart_with(alone).await;
    assert_eq!(status(&server, &tokens).await, 200);
    assert_eq!(states(&server), ["active"]);
}
