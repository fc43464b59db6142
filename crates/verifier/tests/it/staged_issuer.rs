//! An issuer whose keys, outages and answers the test decides.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use countersign_verifier::{Issuer, Unreachable, Verifier};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// The moment of all tests, in seconds since 1970.
pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const AUDIENCE: &str = "countersign";
pub(crate) const USER: Uuid = Uuid::from_u128(1);
pub(crate) const TEAM: Uuid = Uuid::from_u128(2);

/// A key pair and its name.
pub(crate) struct SigningKey {
    pub(crate) kid: &'static str,
    private: EncodingKey,
}

impl SigningKey {
    pub(crate) fn named(kid: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { kid, private: EncodingKey::from_ec_der(pair.to_pkcs8v1().unwrap().as_ref()) }
    }

    pub(crate) fn jwk(&self) -> Jwk {
        let mut jwk = Jwk::from_encoding_key(&self.private, Algorithm::ES256).unwrap();
        jwk.common.key_id = Some(self.kid.to_owned());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk
    }

    pub(crate) fn header(&self) -> Header {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(self.kid.to_owned());
        header
    }

    pub(crate) fn token(&self) -> String {
        self.sign(&self.header(), &claims())
    }

    pub(crate) fn sign(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.private).unwrap()
    }
}

pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": USER, "user_id": USER, "email": "user@example.com",
        "teams": [TEAM], "roles": { TEAM.to_string(): "admin" },
        "sid": Uuid::from_u128(3), "jti": Uuid::from_u128(4), "iat": NOW - 60, "exp": NOW + 840,
    })
}

/// What the test decides, and what was asked.
pub(crate) struct Staged {
    keys: Mutex<Vec<Value>>,
    pub(crate) is_away: AtomicBool,
    pub(crate) accepts: AtomicBool,
    pub(crate) key_sets: AtomicUsize,
    pub(crate) checks: AtomicUsize,
    /// Questions are answered as far as there are permits.
    pub(crate) answers: Semaphore,
}

#[derive(Clone)]
pub(crate) struct StagedIssuer(pub(crate) Arc<Staged>);

impl StagedIssuer {
    pub(crate) fn with(keys: &[&SigningKey]) -> Self {
        let staged = Self(Arc::new(Staged {
            keys: Mutex::default(),
            is_away: AtomicBool::new(false),
            accepts: AtomicBool::new(true),
            key_sets: AtomicUsize::new(0),
            checks: AtomicUsize::new(0),
            answers: Semaphore::new(Semaphore::MAX_PERMITS),
        }));
        staged.publish(keys);
        staged
    }

    pub(crate) fn publish(&self, keys: &[&SigningKey]) {
        self.publish_json(keys.iter().map(|key| serde_json::to_value(key.jwk()).unwrap()).collect());
    }

    pub(crate) fn publish_json(&self, keys: Vec<Value>) {
        *self.0.keys.lock().unwrap() = keys;
    }

    pub(crate) fn go_away(&self, is_away: bool) {
        self.0.is_away.store(is_away, Ordering::SeqCst);
    }

    pub(crate) fn key_sets(&self) -> usize {
        self.0.key_sets.load(Ordering::SeqCst)
    }

    pub(crate) fn checks(&self) -> usize {
        self.0.checks.load(Ordering::SeqCst)
    }

    pub(crate) fn verifier(&self) -> Verifier {
        Verifier::new(self.clone(), ISSUER, AUDIENCE).with_clock(|| NOW)
    }

    async fn answer(&self) -> Result<(), Unreachable> {
        let _answer = self.0.answers.acquire().await.unwrap();
        if self.0.is_away.load(Ordering::SeqCst) { Err(Unreachable::because("it is away")) } else { Ok(()) }
    }
}

#[async_trait]
impl Issuer for StagedIssuer {
    async fn key_set(&self) -> Result<Vec<u8>, Unreachable> {
        self.0.key_sets.fetch_add(1, Ordering::SeqCst);
        self.answer().await?;
        Ok(json!({ "keys": *self.0.keys.lock().unwrap() }).to_string().into_bytes())
    }

    async fn accepts(&self, _: &str) -> Result<bool, Unreachable> {
        self.0.checks.fetch_add(1, Ordering::SeqCst);
        self.answer().await?;
        Ok(self.0.accepts.load(Ordering::SeqCst))
    }
}
