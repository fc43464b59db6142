//! Access tokens that somebody else has made, or made for something else.

mod confusion;

use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use crate::support::{Forger, PASSWORD, Setup, TestServer, Tokens, assert_problem, claims_of, run};

async fn refused(server: &TestServer, token: &str, why: &str) {
    let answer = server.get("/auth/me").bearer(token).send().await;
    assert_eq!(answer.status, 401, "{why}: {}", answer.text);
    assert_problem(&answer, 401, "invalid_token");
    assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""), "{answer:?}");
}

async fn accepted(server: &TestServer, token: &str) {
    server.get("/auth/me").bearer(token).send().await.expect(200);
}

fn encode(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

/// `claims` with one of them changed.
fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut changed = claims.clone();
    changed[name] = value;
    changed
}

/// `claims` without one of them.
fn without(claims: &Value, name: &str) -> Value {
    let mut changed = claims.clone();
    changed.as_object_mut().unwrap().remove(name).unwrap();
    changed
}

#[tokio::test]
async fn unsigned_tokens_are_refused() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("unsigned@example.org").await;
    let [header, claims, signature] = tokens.access.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let kid = crate::support::header_of(&tokens.access)["kid"].clone();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        for named in [json!({"alg": alg, "kid": kid, "typ": "at+jwt"}), json!({"alg": alg, "typ": "at+jwt"})] {
            let head = encode(&named);
            for token in
                [format!("{head}.{claims}."), format!("{head}.{claims}"), format!("{head}.{claims}.{signature}")]
            {
                refused(&server, &token, alg).await;
            }
        }
    }
    for token in [
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{}", &signature[1..]),
        format!("{header}.{claims}.{signature}{signature}"),
        format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode([0; 64])),
        format!("{header}.{claims}.{signature}."),
        format!(".{claims}.{signature}"),
        format!("{header}..{signature}"),
    ] {
        refused(&server, &token, "a signature that is none").await;
    }
    accepted(&server, &tokens.access).await;
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the key of a forger")]
async fn keys_that_a_token_brings_along_or_points_to_are_not_looked_at() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("embedded@example.org").await;
    let genuine = crate::support::header_of(&tokens.access);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let elsewhere = format!("http://{}/keys", listener.local_addr().unwrap());

    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
    let point = aws_lc_rs::signature::KeyPair::public_key(&pair).as_ref().to_vec();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "alg": "ES256", "use": "sig", "kid": genuine["kid"]});
    let key = EncodingKey::from_ec_der(pkcs8.as_ref());

    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!(elsewhere)),
        ("x5u", json!(elsewhere)),
        ("x5c", json!([URL_SAFE_NO_PAD.encode(&point)])),
    ] {
        for kid in [genuine["kid"].clone(), json!("mine"), json!(elsewhere)] {
            let mut header = with(&genuine, "kid", kid);
            header[name] = value.clone();
            let message = format!("{}.{}", encode(&header), encode(&claims_of(&tokens.access)));
            let signature = crypto::sign(message.as_bytes(), &key, Algorithm::ES256).unwrap();
            refused(&server, &format!("{message}.{signature}"), name).await;
        }
    }
    let connection = listener.accept();
    assert!(connection.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "a key was fetched");
    accepted(&server, &tokens.access).await;
}

#[tokio::test]
async fn a_header_that_this_service_would_not_write_is_refused() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("header@example.org").await;
    let forger = Forger::of(&server).await;
    let claims = claims_of(&tokens.access).to_string();
    accepted(&server, &forger.sign(&forger.header().to_string(), &claims)).await;
    for kid in [
        json!("../../dev/null"),
        json!("' UNION SELECT kid FROM signing_keys --"),
        json!("k".repeat(5_000)),
        json!(""),
        json!(forger.kid.to_lowercase()),
        json!("A".repeat(43)),
        json!([forger.kid]),
        json!({"kid": forger.kid}),
        json!(7),
        Value::Null,
    ] {
        let header = with(&forger.header(), "kid", kid.clone());
        refused(&server, &forger.sign(&header.to_string(), &claims), &kid.to_string()).await;
    }
    for (name, value) in [
        ("typ", json!("JWT")),
        ("typ", json!("at+JWT ")),
        ("typ", Value::Null),
        ("alg", json!("EdDSA")),
        ("alg", json!("RS256")),
        ("alg", json!("es256")),
        ("alg", json!(["ES256"])),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
    ] {
        let header = with(&forger.header(), name, value.clone());
        refused(&server, &forger.sign(&header.to_string(), &claims), &format!("{name} {value}")).await;
    }
    for name in ["alg", "kid", "typ"] {
        let header = without(&forger.header(), name);
        refused(&server, &forger.sign(&header.to_string(), &claims), name).await;
    }
    accepted(&server, &tokens.access).await;
}

#[tokio::test]
async fn claims_of_another_type_time_issuer_or_audience_are_refused() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("claims@example.org").await;
    let forger = Forger::of(&server).await;
    let claims = claims_of(&tokens.access);
    let now = claims["iat"].as_i64().unwrap();
    accepted(&server, &forger.with_claims(&claims)).await;
    accepted(&server, &forger.with_claims(&with(&claims, "nbf", json!(now)))).await;
    for exp in [
        json!((now + 600).to_string()),
        json!(600.5),
        json!(1e300),
        json!(u64::MAX),
        json!(i64::MAX),
        json!(-1),
        json!(0),
        json!(now - 600),
        json!(now),
        json!([now + 600]),
        json!({"at": now + 600}),
        json!(true),
        Value::Null,
    ] {
        refused(&server, &forger.with_claims(&with(&claims, "exp", exp.clone())), &format!("exp {exp}")).await;
    }
    for (name, value) in [
        ("nbf", json!(now + 600)),
        ("nbf", json!(now.to_string())),
        ("nbf", json!([now])),
        ("nbf", Value::Null),
        ("iat", json!(now + 3_600)),
        ("iat", json!(now.to_string())),
        ("iat", Value::Null),
        ("iss", json!("https://elsewhere.example.org")),
        ("iss", json!(format!("{}/", claims["iss"].as_str().unwrap()))),
        ("iss", json!([claims["iss"]])),
        ("iss", Value::Null),
        ("aud", json!("another")),
        ("aud", json!([claims["aud"]])),
        ("aud", json!([claims["aud"], "another"])),
        ("aud", Value::Null),
        ("jti", json!("")),
        ("user_id", claims["jti"].clone()),
    ] {
        let token = forger.with_claims(&with(&claims, name, value.clone()));
        refused(&server, &token, &format!("{name} {value}")).await;
    }
    for name in ["exp", "iat", "iss", "aud", "sub", "user_id", "sid", "jti"] {
        refused(&server, &forger.with_claims(&without(&claims, name)), &format!("no {name}")).await;
    }
    for text in ["", "null", "[]", "{", "\"text\""] {
        refused(&server, &forger.sign(&forger.header().to_string(), text), text).await;
    }
    accepted(&server, &tokens.access).await;
}

#[tokio::test]
async fn a_claim_that_is_there_twice_is_refused() {
    let server = TestServer::start().await;
    let (victim, _) = server.signed_in("victim@example.org").await;
    let (own, tokens) = server.signed_in("own@example.org").await;
    let forger = Forger::of(&server).await;
    let claims = claims_of(&tokens.access).to_string();
    for (first, second) in [(&victim.id, &own.id), (&own.id, &victim.id), (&own.id, &own.id)] {
        let twice = claims.replacen(
            &format!("\"sub\":\"{}\"", own.id),
            &format!("\"sub\":\"{first}\",\"sub\":\"{second}\""),
            1,
        );
        assert_ne!(twice, claims);
        refused(&server, &forger.sign(&forger.header().to_string(), &twice), "sub").await;
    }
    let escaped = claims.replacen('{', &format!("{{\"\\u0073ub\":\"{}\",", victim.id), 1);
    refused(&server, &forger.sign(&forger.header().to_string(), &escaped), "an escaped name").await;
    let header = forger.header().to_string().replacen('{', "{\"alg\":\"none\",", 1);
    refused(&server, &forger.sign(&header, &claims), "alg").await;
}

#[tokio::test]
async fn tokens_of_accounts_that_are_gone_or_of_other_sessions_are_refused() {
    let server = TestServer::start().await;
    server.create_superuser("root@example.org", PASSWORD);
    let root = Tokens::of(&server.sign_in("root@example.org", PASSWORD).send().await.expect(200));
    let (_, staying) = server.signed_in("staying@example.org").await;
    let (disabled, disabled_tokens) = server.signed_in("disabled@example.org").await;
    let (deleted, deleted_tokens) = server.signed_in("deleted@example.org").await;
    let forger = Forger::of(&server).await;
    for tokens in [&disabled_tokens, &deleted_tokens] {
        accepted(&server, &forger.with_claims(&claims_of(&tokens.access))).await;
    }
    let path = format!("/admin/users/{}", disabled.id);
    server.patch(&path).bearer(&root.access).json(&json!({"is_active": false})).send().await.expect(200);
    let body = json!({"current_password": PASSWORD});
    server.post("/auth/delete-account").bearer(&deleted_tokens.access).json(&body).send().await.expect(204);

    let own = claims_of(&staying.access);
    let nobody = json!("018f0000-0000-7000-8000-000000000000");
    for (sub, sid) in [
        (json!(disabled.id), claims_of(&disabled_tokens.access)["sid"].clone()),
        (json!(deleted.id), claims_of(&deleted_tokens.access)["sid"].clone()),
        (json!(disabled.id), own["sid"].clone()),
        (json!(deleted.id), own["sid"].clone()),
        (nobody.clone(), own["sid"].clone()),
        (claims_of(&root.access)["sub"].clone(), own["sid"].clone()),
        (own["sub"].clone(), claims_of(&root.access)["sid"].clone()),
        (own["sub"].clone(), nobody.clone()),
        (json!("not an id"), own["sid"].clone()),
    ] {
        let mut claims = with(&own, "sub", sub.clone());
        claims["user_id"] = sub.clone();
        claims["sid"] = sid;
        refused(&server, &forger.with_claims(&claims), &sub.to_string()).await;
    }
    accepted(&server, &staying.access).await;
}

#[tokio::test]
async fn roles_in_a_token_give_no_rights() {
    let server = TestServer::start().await;
    let (_, admin) = server.signed_in("admin@example.org").await;
    let team = server.team(&admin, "Closed").await;
    let (_, stranger) = server.signed_in("stranger@example.org").await;
    let forger = Forger::of(&server).await;
    let mut claims = claims_of(&stranger.access);
    claims["teams"] = json!([team]);
    claims["roles"] = json!({team.clone(): "admin"});
    claims["is_superuser"] = json!(true);
    claims["email"] = json!("admin@example.org");
    let token = forger.with_claims(&claims);
    let me = server.get("/auth/me").bearer(&token).send().await.expect(200);
    assert_eq!((me.text_at("/email").as_str(), &me.json()["teams"]), ("stranger@example.org", &json!([])));
    let found = server.get(&format!("/teams/{team}")).bearer(&token).send().await;
    assert_problem(&found, 404, "team_not_found");
    assert_problem(&server.get("/admin/users").bearer(&token).send().await, 403, "superuser_required");
}

#[tokio::test]
async fn tokens_of_any_size_are_answered_fast() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("size@example.org").await;
    let header = tokens.access.split('.').next().unwrap();
    for (token, why) in [
        ("a".repeat(9_000), "9 kB"),
        (".".repeat(7_000), "7,000 dots"),
        (".".repeat(10_000), "10,000 dots"),
        (format!("{header}.{}.x", "a".repeat(7_000)), "long claims"),
        ("a".repeat(100_000), "100 kB"),
        ("a".repeat(1_000_000), "1 MB"),
    ] {
        let start = Instant::now();
        match server.get("/auth/me").bearer(&token).try_send().await {
            Ok(answer) if answer.status == 401 => assert_problem(&answer, 401, "invalid_token"),
            Ok(answer) => assert!([400, 431].contains(&answer.status), "{why}: {answer:?}"),
            // What is far too long is cut off while it is still being sent.
            Err(error) => assert!(token.len() > 64_000, "{why}: {error:?}"),
        }
        assert!(start.elapsed() < Duration::from_secs(5), "{why}");
    }
    accepted(&server, &tokens.access).await;
}

#[tokio::test]
async fn the_authorization_header_has_one_form() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("form@example.org").await;
    let token = &tokens.access;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        server.get("/auth/me").header("authorization", &format!("{scheme} {token}")).send().await.expect(200);
    }
    for bad in [
        format!("Bearer  {token}"),
        format!("Bearer {token},Bearer {token}"),
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer {token} {token}"),
        format!("Bearer \"{token}\""),
        format!("Bearer\t{token}"),
        "Bearer".to_owned(),
    ] {
        let answer = server.get("/auth/me").header("authorization", &bad).send().await;
        assert_eq!(answer.status, 401, "{bad}");
    }
    let twice = server.get("/auth/me").bearer(token).bearer(token).send().await;
    assert_problem(&twice, 401, "invalid_token");
    for other in ["Basic dXNlcjpwYXNz".to_owned(), format!("Token {token}"), token.clone()] {
        let answer = server.get("/auth/me").header("authorization", &other).send().await;
        assert_problem(&answer, 401, "authentication_required");
    }
    let elsewhere = server.get(&format!("/auth/me?access_token={token}"));
    assert_problem(&elsewhere.send().await, 401, "authentication_required");
    let cookie = server.get("/auth/me").header("cookie", &format!("access_token={token}; Authorization={token}"));
    assert_problem(&cookie.send().await, 401, "authentication_required");
}

#[tokio::test]
async fn a_token_ends_with_its_time_and_the_leeway() {
    let server = Setup::default().set("TOKENS__ACCESS_TTL", "10s").start().await;
    let (_, tokens) = server.signed_in("brief@example.org").await;
    let forger = Forger::of(&server).await;
    let claims = claims_of(&tokens.access);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 10);
    let at = |ago: i64| {
        let exp = claims["iat"].as_i64().unwrap() - ago;
        with(&with(&claims, "exp", json!(exp)), "iat", json!(exp - 10))
    };
    accepted(&server, &forger.with_claims(&at(10))).await;
    refused(&server, &forger.with_claims(&at(31)), "beyond the leeway").await;
}

#[test]
fn a_weak_secret_key_keeps_the_server_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let octets = |n: usize| base64::engine::general_purpose::STANDARD.encode(vec![7_u8; n]);
    for weak in ["hunter2".to_owned(), "aHVudGVyMg==".to_owned(), octets(16), octets(31), octets(32), octets(33)] {
        let variables = [("COUNTERSIGN__SECRET_KEY", weak.as_str()), ("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:0")];
        let output = run(folder.path(), &["serve"], &variables);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{weak}: {said}");
        assert!(said.contains("secret_key") && !said.contains(&weak), "{said}");
    }
}
