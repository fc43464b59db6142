//! What is refused. Every token here but those with a broken signature is signed with the service's own key.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use countersign_application::testing::{NOW, user_id};
use countersign_domain::signing_key::SigningAlgorithm;
use serde_json::{Value, json};

use crate::security::tokens::presented::LONGEST;
use crate::security::tokens::tests::forger::{AUDIENCE, Forger, ISSUER, claims, claims_with};

fn unsigned(header: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(&claims()))
}

#[tokio::test]
async fn no_algorithm_is_no_signature() {
    let service = Forger::new().await;
    for alg in ["none", "None", "NONE", "nOnE", "", "HS256", "es256", "ES384", "PS256"] {
        let mut header = service.header();
        header["alg"] = json!(alg);
        let message = unsigned(&header);
        service.assert_refused(&format!("{message}."), alg).await;
        service.assert_refused(&format!("{message}.AAAA"), alg).await;
        service.assert_refused(&service.with_header(&header), alg).await;
    }
    service.assert_refused(&format!("{}.", unsigned(&service.header())), "empty signature").await;
}

#[tokio::test]
async fn the_public_key_is_not_a_shared_secret() {
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa, SigningAlgorithm::Rs256] {
        let service = Forger::with(algorithm).await;
        let jwk: Value = serde_json::from_str(&service.public_jwk).unwrap();
        let member = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap_or_default()).unwrap();
        let raw = [&[4], member("x").as_slice(), &member("y"), &member("n")].concat();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(&raw));
        for secret in [service.public_jwk.as_bytes(), &raw, &raw[1..], pem.as_bytes(), service.kid.as_bytes()] {
            for alg in ["HS256", algorithm.as_str()] {
                let mut header = service.header();
                header["alg"] = json!(alg);
                let message = unsigned(&header);
                let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
                let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
                service.assert_refused(&token, "HMAC with the public key").await;
            }
        }
    }
}

#[tokio::test]
async fn a_key_signs_with_its_own_algorithm_only() {
    let service = Forger::new().await;
    for alg in ["EdDSA", "RS256"] {
        let mut header = service.header();
        header["alg"] = json!(alg);
        service.assert_refused(&service.with_header(&header), alg).await;
    }
}

#[tokio::test]
async fn keys_in_the_header_are_not_used() {
    let service = Forger::new().await;
    let stranger = Forger::new().await;
    let jwk: Value = serde_json::from_str(&stranger.public_jwk).unwrap();
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("http://127.0.0.1:9/keys")),
        ("x5u", json!("http://127.0.0.1:9/cert")),
        ("x5c", json!(["AAAA"])),
    ] {
        for kid in [&service.kid, &stranger.kid] {
            let mut header = stranger.header();
            header["kid"] = json!(kid);
            header[name] = value.clone();
            service.assert_refused(&stranger.with_header(&header), name).await;
        }
    }
}

#[tokio::test]
async fn a_strange_kid_is_refused() {
    let service = Forger::new().await;
    let long = "x".repeat(10_000);
    let unknown = "A".repeat(43);
    for kid in [
        json!("../../dev/null"),
        json!("' UNION SELECT 1 --"),
        json!(long),
        json!(unknown),
        json!(""),
        json!([service.kid]),
        json!({"kid": service.kid}),
        json!(null),
        json!(1),
    ] {
        let mut header = service.header();
        header["kid"] = kid;
        service.assert_refused(&service.with_header(&header), &header["kid"].to_string()).await;
    }
    let mut header = service.header();
    header.as_object_mut().unwrap().remove("kid");
    service.assert_refused(&service.with_header(&header), "no kid").await;
}

#[tokio::test]
async fn another_type_of_token_is_refused() {
    let service = Forger::new().await;
    for typ in
        [json!("JWT"), json!("at+JWT"), json!("application/at+jwt"), json!("jwt"), json!(null), json!(["at+jwt"])]
    {
        let mut header = service.header();
        header["typ"] = typ;
        service.assert_refused(&service.with_header(&header), &header["typ"].to_string()).await;
    }
    let mut header = service.header();
    header.as_object_mut().unwrap().remove("typ");
    service.assert_refused(&service.with_header(&header), "no typ").await;
}

#[tokio::test]
async fn critical_extensions_are_refused() {
    let service = Forger::new().await;
    for (name, value) in [("crit", json!(["exp"])), ("crit", json!([])), ("crit", json!(null)), ("b64", json!(true))] {
        let mut header = service.header();
        header[name] = value;
        service.assert_refused(&service.with_header(&header), name).await;
    }
}

#[tokio::test]
async fn times_of_another_type_or_out_of_range_are_refused() {
    let service = Forger::new().await;
    let now = NOW.unix_timestamp();
    let expiry = now + 900;
    let wrong = |at: i64| {
        [
            json!(at.to_string()),
            serde_json::from_str(&format!("{at}.0")).unwrap(),
            serde_json::from_str(&format!("{at}.5")).unwrap(),
            json!([at]),
            json!({"at": at}),
            json!(true),
            json!(null),
            json!(0),
            json!(-at),
            json!(i64::MIN),
            json!(i64::MAX),
            json!(u64::MAX),
            json!(1e300),
            json!(253_402_300_800_i64),
        ]
    };
    for (name, at) in [("exp", expiry), ("iat", now), ("nbf", now)] {
        for value in wrong(at) {
            let token = service.with_claims(&claims_with(name, value.clone()));
            service.assert_refused(&token, &format!("{name}: {value}")).await;
        }
    }
    let number = format!("{expiry}");
    for huge in ["1e400", "99999999999999999999999999", &format!("+{expiry}"), "0x7fffffff", "NaN"] {
        let claims = claims().to_string().replace(&number, huge);
        service.assert_refused(&service.sign(&service.header().to_string(), &claims), huge).await;
    }
}

#[tokio::test]
async fn times_ahead_of_the_clock_are_refused() {
    let service = Forger::new().await;
    let now = NOW.unix_timestamp();
    for (name, at) in [("nbf", now + 31), ("nbf", now + 600), ("iat", now + 31), ("iat", now + 600)] {
        service.assert_refused(&service.with_claims(&claims_with(name, json!(at))), name).await;
    }
    let mut issued_ahead = claims_with("iat", json!(now + 31));
    issued_ahead["nbf"] = json!(now);
    service.assert_refused(&service.with_claims(&issued_ahead), "issued ahead, good already").await;
    let mut expired = claims_with("exp", json!(now - 30));
    expired["iat"] = json!(now - 930);
    service.assert_refused(&service.with_claims(&expired), "expired").await;
    assert!(service.verify(&service.with_claims(&claims_with("nbf", json!(now + 30)))).await.is_ok());
}

#[tokio::test]
async fn every_claim_is_required() {
    let service = Forger::new().await;
    for name in ["iss", "aud", "sub", "user_id", "sid", "jti", "iat", "exp"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name).unwrap();
        service.assert_refused(&service.with_claims(&claims), &format!("no {name}")).await;
    }
}

#[tokio::test]
async fn another_issuer_audience_or_subject_is_refused() {
    let service = Forger::new().await;
    for (name, value) in [
        ("iss", json!("https://id.example/")),
        ("iss", json!("https://evil.example")),
        ("iss", json!([ISSUER])),
        ("iss", json!(null)),
        ("aud", json!("another")),
        ("aud", json!([AUDIENCE])),
        ("aud", json!([AUDIENCE, "another"])),
        ("aud", json!("")),
        ("sub", json!(user_id(2).to_string())),
        ("user_id", json!(user_id(2).to_string())),
        ("user_id", json!(1)),
        ("sid", json!("not an id")),
        ("sid", json!(null)),
        ("jti", json!("")),
        ("jti", json!(7)),
    ] {
        let token = service.with_claims(&claims_with(name, value.clone()));
        service.assert_refused(&token, &format!("{name}: {value}")).await;
    }
    let mut claims = claims();
    claims["sub"] = json!("not an id");
    claims["user_id"] = json!("not an id");
    service.assert_refused(&service.with_claims(&claims), "no ids").await;
}

#[tokio::test]
async fn members_that_come_twice_are_refused() {
    let service = Forger::new().await;
    let (header, claims) = (service.header().to_string(), claims().to_string());
    let twice = |json: &str, member: &str| format!("{},{member}}}", json.strip_suffix('}').unwrap());
    for member in [
        format!(r#""sub":"{}""#, user_id(2)),
        format!(r#""sub":"{}""#, user_id(1)),
        r#""exp":9999999999"#.to_owned(),
        r#""e\u0078p":9999999999"#.to_owned(),
        r#""extra":1,"extra":2"#.to_owned(),
    ] {
        service.assert_refused(&service.sign(&header, &twice(&claims, &member)), &member).await;
    }
    for member in [r#""alg":"none""#, r#""alg":"ES256""#, r#""typ":"at+jwt""#, r#""x":1,"x":1"#] {
        service.assert_refused(&service.sign(&twice(&header, member), &claims), member).await;
    }
}

#[tokio::test]
async fn what_is_no_compact_jwt_is_refused() {
    let service = Forger::new().await;
    let good = service.with_claims(&claims());
    assert!(service.verify(&good).await.is_ok());
    let parts: Vec<&str> = good.split('.').collect();
    for bad in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        parts[0].to_owned(),
        parts[..2].join("."),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}.{}", parts[2]),
        format!("{good}="),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}..{}", parts[0], parts[2]),
        format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], "A".repeat(86)),
        format!("{}.{}.{}", parts[0], parts[1], URL_SAFE.encode([1; 64])),
        ".".repeat(10_000),
        "a".repeat(LONGEST + 1),
        "a".repeat(1_000_000),
        "\u{1F512}.\u{1F512}.\u{1F512}".to_owned(),
        service.sign("", &claims().to_string()),
        service.sign("[]", &claims().to_string()),
        service.sign(&service.header().to_string(), ""),
        service.sign(&service.header().to_string(), "[]"),
        service.sign(&service.header().to_string(), &format!("{}{}", claims(), claims())),
    ] {
        service.assert_refused(&bad, bad.get(..60).unwrap_or(&bad)).await;
    }
}

#[tokio::test]
async fn a_token_beyond_the_bound_is_not_looked_at() {
    let service = Forger::new().await;
    let token = service.with_claims(&claims_with("padding", json!("x".repeat(LONGEST))));
    service.assert_refused(&token, "too long").await;
}

#[tokio::test]
async fn one_changed_octet_anywhere_is_refused() {
    let service = Forger::new().await;
    let good = service.with_claims(&claims()).into_bytes();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
        service.assert_refused(std::str::from_utf8(&bad).unwrap(), &format!("octet {at}")).await;
    }
}

#[tokio::test]
async fn opaque_tokens_are_no_access_tokens() {
    let service = Forger::new().await;
    for token in [
        countersign_domain::secret::RefreshToken::new([1; 16], [2; 32]).secret().expose(),
        countersign_domain::secret::one_time_secret([3; 32]).expose(),
    ] {
        service.assert_refused(token, "an opaque token").await;
    }
}
