//! A hand that signs whatever it likes with the server's own key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_infrastructure::security::{SecretKey, SecretKeyRing};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use crate::support::test_server::TestServer;

/// Holds the ES256 key of a server: what it signs fails for its content, or not at all.
pub(crate) struct Forger {
    key: EncodingKey,
    /// The id of the key.
    pub(crate) kid: String,
}

impl Forger {
    /// Opens the only signing key of this server with its secret key.
    pub(crate) async fn of(server: &TestServer) -> Self {
        let (kid, pkcs8) = private_key(server).await;
        Self { key: EncodingKey::from_ec_der(&pkcs8), kid }
    }

    /// The header of a good token.
    pub(crate) fn header(&self) -> Value {
        json!({"alg": "ES256", "kid": self.kid, "typ": "at+jwt"})
    }

    /// Signs exactly these texts.
    pub(crate) fn sign(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = crypto::sign(message.as_bytes(), &self.key, Algorithm::ES256).unwrap();
        format!("{message}.{signature}")
    }

    /// A token with a good header and these claims.
    pub(crate) fn with_claims(&self, claims: &Value) -> String {
        self.sign(&self.header().to_string(), &claims.to_string())
    }
}

/// The id and the private half (PKCS#8) of the only signing key.
pub(crate) async fn private_key(server: &TestServer) -> (String, Vec<u8>) {
    let rows = server.rows().await;
    assert_eq!(rows.count("signing_keys").await, 1);
    let kid: String = rows.one("SELECT kid FROM signing_keys").await;
    let sealed: Vec<u8> = rows.one("SELECT sealed_private FROM signing_keys").await;
    let ring = SecretKeyRing::new(SecretKey::parse(&server.secret_key()).unwrap(), None);
    let pkcs8 = ring.open("signing keys", kid.as_bytes(), &sealed).unwrap();
    (kid, pkcs8.to_vec())
}

/// The header of a token.
pub(crate) fn header_of(token: &str) -> Value {
    part(token, 0)
}

/// The claims of a token.
pub(crate) fn claims_of(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, at: usize) -> Value {
    let json = URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap();
    serde_json::from_slice(&json).unwrap()
}

/// The token with one character changed, counted round and round.
pub(crate) fn near_miss(token: &str, n: usize) -> String {
    let mut octets = token.as_bytes().to_vec();
    let at = n % octets.len();
    octets[at] = if octets[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(octets).unwrap()
}
