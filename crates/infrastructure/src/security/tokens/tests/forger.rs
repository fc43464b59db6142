//! A service with one signing key, and a hand that can sign anything with it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_application::error::Fault;
use countersign_application::ports::access_tokens::{
    AccessClaims, AccessTokenError, AccessTokens as _, VerifiedAccess,
};
use countersign_application::ports::signing_keys::{SigningKeyFactory as _, SigningKeyRepository};
use countersign_application::testing::{NOW, email, session, user_id};
use countersign_domain::signing_key::{SigningAlgorithm, SigningKey};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::security::secret_key::{SecretKey, SecretKeyRing};
use crate::security::tokens::factory::{self, SealedKeyFactory};
use crate::security::tokens::key_pair::KeyPair;
use crate::security::tokens::{JwtAccessTokens, KeyRing};

pub(super) const ISSUER: &str = "https://id.example";
pub(super) const AUDIENCE: &str = "countersign";
pub(super) const TTL: Duration = Duration::minutes(15);

/// Signing keys in memory; can be made to fail.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) keys: Mutex<Vec<SigningKey>>,
    pub(super) failing: Mutex<bool>,
    pub(super) reads: AtomicUsize,
}

#[async_trait]
impl SigningKeyRepository for Rows {
    async fn list(&self) -> Result<Vec<SigningKey>, Fault> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if *self.failing.lock().unwrap() {
            return Err(Fault::unavailable("database", "on purpose"));
        }
        Ok(self.keys.lock().unwrap().clone())
    }

    async fn insert(&self, key: &SigningKey) -> Result<(), Fault> {
        self.keys.lock().unwrap().push(key.clone());
        Ok(())
    }

    async fn update(&self, _key: &SigningKey) -> Result<(), Fault> {
        unreachable!("tests change the rows themselves")
    }

    async fn remove(&self, _kid: &str) -> Result<bool, Fault> {
        unreachable!("tests change the rows themselves")
    }
}

pub(super) fn secret_keys() -> Arc<SecretKeyRing> {
    Arc::new(SecretKeyRing::new(SecretKey::new([7; 32]), None))
}

pub(super) fn new_key(algorithm: SigningAlgorithm) -> SigningKey {
    SealedKeyFactory::new(secret_keys()).generate(algorithm, NOW - Duration::days(1)).unwrap()
}

pub(super) struct Forger {
    pub(super) rows: Arc<Rows>,
    pub(super) ring: Arc<KeyRing>,
    pub(super) tokens: JwtAccessTokens,
    pub(super) kid: String,
    pub(super) public_jwk: String,
    pair: KeyPair,
}

impl Forger {
    pub(super) async fn new() -> Self {
        Self::with(SigningAlgorithm::Es256).await
    }

    pub(super) async fn with(algorithm: SigningAlgorithm) -> Self {
        let key = new_key(algorithm);
        let rows = Arc::new(Rows::default());
        rows.insert(&key).await.unwrap();
        let ring = KeyRing::new(Arc::clone(&rows) as Arc<dyn SigningKeyRepository>, secret_keys(), TTL);
        let ring = Arc::new(ring);
        ring.refresh().await.unwrap();
        let tokens = JwtAccessTokens::new(Arc::clone(&ring), ISSUER, AUDIENCE);
        let pair = factory::open(&secret_keys(), &key).unwrap();
        Self { rows, ring, tokens, kid: key.kid, public_jwk: key.public_jwk, pair }
    }

    /// The header of a good token.
    pub(super) fn header(&self) -> Value {
        json!({"alg": self.pair.algorithm().as_str(), "kid": self.kid, "typ": "at+jwt"})
    }

    /// Signs whatever it is given.
    pub(super) fn sign(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.pair.sign(message.as_bytes()).unwrap();
        format!("{message}.{signature}")
    }

    /// A token with good claims and this header.
    pub(super) fn with_header(&self, header: &Value) -> String {
        self.sign(&header.to_string(), &claims().to_string())
    }

    /// A token with a good header and these claims.
    pub(super) fn with_claims(&self, claims: &Value) -> String {
        self.sign(&self.header().to_string(), &claims.to_string())
    }

    pub(super) async fn verify(&self, token: &str) -> Result<VerifiedAccess, AccessTokenError> {
        self.tokens.verify(token, NOW).await
    }

    pub(super) async fn assert_refused(&self, token: &str, why: &str) {
        let refused = self.verify(token).await;
        assert!(matches!(refused, Err(AccessTokenError::Invalid)), "{why}: {refused:?}");
    }
}

/// The claims of a good token.
pub(super) fn claims() -> Value {
    let now = NOW.unix_timestamp();
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": user_id(1).to_string(), "user_id": user_id(1).to_string(),
        "sid": session(1).id.to_string(), "jti": Uuid::from_u128(9).to_string(), "iat": now, "exp": now + 900,
    })
}

/// The claims of a good token, one of them changed.
pub(super) fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

/// What the application asks a token for.
pub(super) fn asked_for(now: OffsetDateTime) -> AccessClaims {
    AccessClaims {
        user_id: user_id(1),
        email: email("user1@example.com"),
        roles: vec![],
        teams_truncated: false,
        session_id: session(1).id,
        token_id: Uuid::from_u128(9),
        issued_at: now,
        expires_at: now + TTL,
    }
}
