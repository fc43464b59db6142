//! One kind of token or key in the place of another.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::json;

use crate::access_tokens::{accepted, encode, refused};
use crate::support::{PASSWORD, Setup, TestServer, assert_problem, claims_of, private_key};

/// The public half of a private key, as its verifiers know it (SPKI).
fn spki(algorithm: &str, pkcs8: &[u8]) -> Vec<u8> {
    let der: PublicKeyX509Der<'_> = match algorithm {
        "ES256" => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).unwrap();
            pair.public_key().as_der().unwrap()
        }
        "EdDSA" => Ed25519KeyPair::from_pkcs8(pkcs8).unwrap().public_key().as_der().unwrap(),
        _ => rsa::KeyPair::from_pkcs8(pkcs8).unwrap().public_key().as_der().unwrap(),
    };
    der.as_ref().to_vec()
}

fn pem(der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<&str> = base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

#[tokio::test]
async fn a_public_key_is_never_a_shared_secret() {
    for algorithm in ["ES256", "EdDSA", "RS256"] {
        let server = Setup::default().set("TOKENS__ALGORITHM", algorithm).start().await;
        let (_, tokens) = server.signed_in("confusion@example.org").await;
        let set = server.get("/.well-known/jwks.json").send().await.expect(200);
        let jwk = set.json()["keys"][0].clone();
        assert_eq!(jwk["alg"], algorithm);
        let (kid, pkcs8) = private_key(&server).await;
        let der = spki(algorithm, &pkcs8);
        let text = pem(&der);
        let secrets = [
            text.trim_end().as_bytes().to_vec(),
            text.into_bytes(),
            der,
            jwk.to_string().into_bytes(),
            set.text.trim_start_matches("{\"keys\":[").trim_end_matches("]}").as_bytes().to_vec(),
            jwk["x"].as_str().or(jwk["n"].as_str()).unwrap().as_bytes().to_vec(),
            kid.as_bytes().to_vec(),
            vec![],
        ];
        let claims = encode(&claims_of(&tokens.access));
        for secret in &secrets {
            for (name, hmac) in [("HS256", Algorithm::HS256), ("HS384", Algorithm::HS384), ("HS512", Algorithm::HS512)]
            {
                for alg in [name, algorithm] {
                    let message = format!("{}.{claims}", encode(&json!({"alg": alg, "kid": kid, "typ": "at+jwt"})));
                    let signature = crypto::sign(message.as_bytes(), &EncodingKey::from_secret(secret), hmac).unwrap();
                    refused(&server, &format!("{message}.{signature}"), alg).await;
                }
            }
        }
        accepted(&server, &tokens.access).await;
    }
}

#[tokio::test]
async fn a_token_serves_its_own_purpose_only() {
    let server = TestServer::start().await;
    let (_, owner) = server.signed_in("owner@example.org").await;
    let team = server.team(&owner, "Purposes").await;
    let (_, mover) = server.signed_in("mover@example.org").await;
    server.verified("forgetful@example.org").await;
    server.register("fresh@example.org").await;
    let invited = json!({"email": "invited@example.org", "role": "member"});
    server.post(&format!("/teams/{team}/invite")).bearer(&owner.access).json(&invited).send().await.expect(200);
    let moving = json!({"current_password": PASSWORD, "new_email": "moved@example.org"});
    server.post("/auth/change-email").bearer(&mover.access).json(&moving).send().await.expect(202);
    let forgotten = json!({"email": "forgetful@example.org"});
    server.post("/auth/password-reset-request").json(&forgotten).send().await.expect(202);
    let mailbox = server.mailbox();
    let tokens = [
        ("access", owner.access.clone()),
        ("refresh", owner.refresh.clone()),
        ("reset", mailbox.about("forgetful@example.org", "new password").await.token()),
        ("verification", mailbox.wait_for("fresh@example.org", 1).await[0].token()),
        ("invitation", mailbox.wait_for("invited@example.org", 1).await[0].token()),
        ("change", mailbox.wait_for("moved@example.org", 1).await[0].token()),
    ];

    let present = |place: &str, token: &str| match place {
        "access" => server.get("/auth/me").bearer(token),
        "refresh" => server.post("/auth/refresh").json(&json!({"refresh_token": token})),
        "reset" => {
            server.post("/auth/password-reset").json(&json!({"token": token, "new_password": "eight brown jugs"}))
        }
        "verification" => server.post("/auth/verify-email").json(&json!({"token": token, "password": PASSWORD})),
        "disown" => server.post("/auth/disown-account").json(&json!({"token": token})),
        "invitation" => server.post("/auth/register").json(&json!({
            "email": "invited@example.org", "password": PASSWORD, "first_name": "Firstname", "last_name": "Lastname",
            "invitation_token": token,
        })),
        "acceptance" => server.post("/teams/accept-invitation").json(&json!({"invitation_token": token})),
        _ => server.post("/auth/confirm-email-change").json(&json!({"token": token})),
    };
    let own = |place: &str| match place {
        "disown" => "verification".to_owned(),
        "acceptance" => "invitation".to_owned(),
        other => other.to_owned(),
    };
    for place in ["access", "refresh", "reset", "verification", "disown", "invitation", "acceptance", "change"] {
        for (kind, token) in tokens.iter().filter(|(kind, _)| *kind != own(place)) {
            let answer = present(place, token).send().await;
            let expected = match place {
                "access" => (401, "invalid_token"),
                "refresh" => (401, "invalid_refresh_token"),
                _ => (400, "invalid_token"),
            };
            assert_eq!(answer.status, expected.0, "{kind} token as {place} token: {}", answer.text);
            assert_problem(&answer, expected.0, expected.1);
        }
    }
    // None of them was used up on the way.
    for (kind, token) in &tokens {
        let expected = if *kind == "invitation" { 201 } else { 200 };
        let answer = present(kind, token).send().await;
        assert_eq!(answer.status, expected, "{kind}: {}", answer.text);
    }
}
