//! Which tokens are believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_verifier::{TeamRole, VerifyError};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::staged_issuer::{AUDIENCE, ISSUER, NOW, SigningKey, StagedIssuer, TEAM, USER, claims};

fn changed(name: &str, value: impl Into<Value>) -> Value {
    let mut claims = claims();
    claims[name] = value.into();
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

#[tokio::test]
async fn a_genuine_token_says_who_calls_and_with_which_role() {
    let key = SigningKey::named("one");
    let claims = StagedIssuer::with(&[&key]).verifier().verify(&key.token()).await.unwrap();
    assert_eq!((claims.user_id, claims.email.as_str()), (USER, "user@example.com"));
    assert_eq!((claims.role_in(TEAM), claims.role_in(Uuid::from_u128(9))), (Some(TeamRole::Admin), None));
    assert!(!claims.teams_truncated);
    assert_eq!((claims.issued_at, claims.expires_at), (NOW - 60, NOW + 840));
}

#[tokio::test]
async fn a_role_of_a_later_version_gives_no_known_right() {
    let key = SigningKey::named("one");
    let token = key.sign(&key.header(), &changed("roles", json!({ TEAM.to_string(): "owner" })));
    let claims = StagedIssuer::with(&[&key]).verifier().verify(&token).await.unwrap();
    assert_eq!(claims.role_in(TEAM), Some(TeamRole::Unknown));
}

#[tokio::test]
async fn claims_that_are_not_for_this_service_now_are_refused() {
    let key = SigningKey::named("one");
    let verifier = StagedIssuer::with(&[&key]).verifier();
    let refused = [
        changed("iss", "https://id.example.com/"),
        changed("iss", "https://evil.example.com"),
        changed("aud", "another"),
        changed("iss", json!([ISSUER])),
        changed("aud", json!([AUDIENCE])),
        changed("aud", json!([AUDIENCE, "another"])),
        changed("sub", Uuid::from_u128(9).to_string()),
        changed("user_id", "root"),
        changed("iat", NOW + 31),
        changed("nbf", NOW + 31),
        changed("nbf", "now"),
        changed("iat", NOW + 840),
        changed("exp", "never"),
        changed("exp", Value::Null),
        changed("roles", json!(["admin"])),
        without("iss"),
        without("aud"),
        without("sub"),
        without("exp"),
        without("iat"),
        without("sid"),
        without("jti"),
    ];
    for claims in refused {
        let verdict = verifier.verify(&key.sign(&key.header(), &claims)).await;
        assert!(matches!(verdict, Err(VerifyError::Invalid)), "{claims} gave {verdict:?}");
    }
    // The edges of what clocks may differ by.
    for claims in [changed("iat", NOW + 30), changed("nbf", NOW + 30), changed("exp", NOW - 29)] {
        verifier.verify(&key.sign(&key.header(), &claims)).await.unwrap();
    }
    let verdict = verifier.verify(&key.sign(&key.header(), &changed("exp", NOW - 30))).await;
    assert!(matches!(verdict, Err(VerifyError::Expired)), "{verdict:?}");
}

#[tokio::test]
async fn headers_that_no_access_token_of_the_service_has_are_refused() {
    let key = SigningKey::named("one");
    let verifier = StagedIssuer::with(&[&key]).verifier();
    let changes: [fn(&mut Header); 6] = [
        |header| header.typ = Some("JWT".to_owned()),
        |header| header.typ = None,
        |header| header.kid = None,
        |header| header.kid = Some("another".to_owned()),
        |header| header.crit = Some(vec!["exp".to_owned()]),
        |header| header.extras.insert("b64", false),
    ];
    for (case, change) in changes.iter().enumerate() {
        let mut header = key.header();
        change(&mut header);
        let verdict = verifier.verify(&key.sign(&header, &claims())).await;
        assert!(matches!(verdict, Err(VerifyError::Invalid)), "{case} gave {verdict:?}");
    }
}

#[tokio::test]
async fn what_the_key_has_not_signed_is_refused() {
    let (key, another) = (SigningKey::named("one"), SigningKey::named("one"));
    let verifier = StagedIssuer::with(&[&key]).verifier();
    let token = key.token();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let other_claims = URL_SAFE_NO_PAD.encode(changed("email", "root@example.com").to_string());
    let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"one","typ":"at+jwt"}"#);

    // The public key as a shared secret (RFC 8725, 2.1).
    let mut confused = key.header();
    confused.alg = Algorithm::HS256;
    let public = serde_json::to_string(&key.jwk()).unwrap();
    let confused = jsonwebtoken::encode(&confused, &claims(), &EncodingKey::from_secret(public.as_bytes())).unwrap();

    let claims = message.split_once('.').unwrap().1;
    let refused = [
        another.token(),
        confused,
        format!("{header}.{other_claims}.{signature}"),
        format!("{unsigned}.{claims}."),
        format!("{unsigned}.{claims}.{signature}"),
        format!("{message}."),
        message.to_owned(),
        format!("{message}.{signature}.{signature}"),
        format!("{message}.{}", "A".repeat(signature.len())),
        format!("{token}{}", "A".repeat(16 * 1024)),
        String::new(),
        "..".to_owned(),
        "Ünsinn.Ünsinn.Ünsinn".to_owned(),
    ];
    for token in refused {
        let verdict = verifier.verify(&token).await;
        assert!(matches!(verdict, Err(VerifyError::Invalid)), "{token} gave {verdict:?}");
    }
}

#[tokio::test]
async fn keys_for_other_purposes_sign_no_access_token() {
    let (key, another) = (SigningKey::named("one"), serde_json::to_value(SigningKey::named("another").jwk()).unwrap());
    let staged = StagedIssuer::with(&[]);
    let jwk = serde_json::to_value(key.jwk()).unwrap();
    for (name, value) in [("use", json!("enc")), ("alg", json!("ES384")), ("crv", json!("P-384")), ("kid", Value::Null)]
    {
        let mut other = jwk.clone();
        other[name] = value;
        // What it does not know of the set does not spoil the rest.
        staged.publish_json(vec![other.clone(), json!({ "kty": "new" }), json!(1), another.clone()]);
        let verdict = staged.verifier().verify(&key.token()).await;
        assert!(matches!(verdict, Err(VerifyError::Invalid)), "{other} gave {verdict:?}");
    }
    staged.publish_json(vec![json!({ "kty": "new" }), json!(1), jwk]);
    staged.verifier().verify(&key.token()).await.unwrap();
}
