//! Key pairs of the three algorithms: made, read, named, used.

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_application::error::Fault;
use countersign_domain::signing_key::SigningAlgorithm;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use zeroize::Zeroizing;

/// RSA keys below 2048 bits are not read (RFC 7518, 3.3); new ones have 3072, the 128 bits of strength that the curves
/// have too (ASVS 11.2.3).
const NEW_RSA_KEY: rsa::KeySize = rsa::KeySize::Rsa3072;
const LEAST_RSA_OCTETS: usize = 2048 / 8;

/// A private key and what follows from it. The public half is always computed, never taken from storage: whoever can
/// write the database, but has not the secret key, cannot bring in a key of his own.
pub(crate) struct KeyPair {
    algorithm: SigningAlgorithm,
    signing: EncodingKey,
    /// Parsed once: tokens come with every request, and reading a point of the curve takes a tenth as long as verifying.
    verifying: ParsedPublicKey,
    public: PublicKey,
}

enum PublicKey {
    P256 { x: String, y: String },
    Ed25519 { x: String },
    Rsa { n: String, e: String },
}

/// A new private key in PKCS#8.
#[expect(clippy::disallowed_methods, reason = "a key pair is made by the library, from the system's generator")]
pub(crate) fn generate(algorithm: SigningAlgorithm) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let random = SystemRandom::new();
    let pkcs8 = match algorithm {
        SigningAlgorithm::Es256 => {
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map(|key| key.as_ref().to_vec())
        }
        SigningAlgorithm::EdDsa => Ed25519KeyPair::generate_pkcs8(&random).map(|key| key.as_ref().to_vec()),
        SigningAlgorithm::Rs256 => {
            rsa::KeyPair::generate(NEW_RSA_KEY).and_then(|key| Ok(AsDer::<Pkcs8V1Der>::as_der(&key)?.as_ref().to_vec()))
        }
    };
    pkcs8.map(Zeroizing::new).map_err(|error| Fault::internal("key generation", error))
}

impl KeyPair {
    /// Reads a private key in PKCS#8.
    pub(crate) fn from_pkcs8(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, Fault> {
        let broken = |error| Fault::internal("signing key", error);
        let (public, signing, verifying) = match algorithm {
            SigningAlgorithm::Es256 => {
                let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(broken)?;
                let point = key.public_key().as_ref();
                // 4 ‖ x ‖ y: an uncompressed point (SEC 1, 2.3.3).
                let (x, y) = point.get(1..).unwrap_or_default().split_at(32);
                let public = PublicKey::P256 { x: URL_SAFE_NO_PAD.encode(x), y: URL_SAFE_NO_PAD.encode(y) };
                (public, EncodingKey::from_ec_der(pkcs8), ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point))
            }
            SigningAlgorithm::EdDsa => {
                let key = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(broken)?;
                let x = key.public_key().as_ref();
                let public = PublicKey::Ed25519 { x: URL_SAFE_NO_PAD.encode(x) };
                (public, EncodingKey::from_ed_der(pkcs8), ParsedPublicKey::new(&ED25519, x))
            }
            SigningAlgorithm::Rs256 => {
                let key = rsa::KeyPair::from_pkcs8(pkcs8).map_err(broken)?;
                let (n, e) = (key.public_key().modulus(), key.public_key().exponent());
                let (n, e) = (n.big_endian_without_leading_zero(), e.big_endian_without_leading_zero());
                if n.len() < LEAST_RSA_OCTETS {
                    return Err(Fault::internal("signing key", "an RSA key of fewer than 2048 bits"));
                }
                let public = PublicKey::Rsa { n: URL_SAFE_NO_PAD.encode(n), e: URL_SAFE_NO_PAD.encode(e) };
                let verifying = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public_key());
                (public, rsa_signing_key(pkcs8)?, verifying)
            }
        };
        Ok(Self { algorithm, signing, verifying: verifying.map_err(broken)?, public })
    }

    /// The `kid`: the thumbprint of the public key (RFC 7638).
    pub(crate) fn kid(&self) -> String {
        // Members in the order of their names, no white space: the hash is over exactly this.
        let canonical = match &self.public {
            PublicKey::P256 { x, y } => format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#),
            PublicKey::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#),
            PublicKey::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
        };
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()))
    }

    /// The public key as a JWK (RFC 7517, RFC 8037), JSON text.
    pub(crate) fn public_jwk(&self) -> String {
        let (kid, alg) = (self.kid(), self.algorithm.as_str());
        let key = match &self.public {
            PublicKey::P256 { x, y } => format!(r#""kty":"EC","crv":"P-256","x":"{x}","y":"{y}""#),
            PublicKey::Ed25519 { x } => format!(r#""kty":"OKP","crv":"Ed25519","x":"{x}""#),
            PublicKey::Rsa { n, e } => format!(r#""kty":"RSA","n":"{n}","e":"{e}""#),
        };
        format!(r#"{{{key},"kid":"{kid}","alg":"{alg}","use":"sig"}}"#)
    }

    /// What it signs with, and nothing else.
    pub(crate) const fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// The signature over this message, in base64url.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<String, Fault> {
        crypto::sign(message, &self.signing, jwa(self.algorithm)).map_err(|error| Fault::internal("signing key", error))
    }

    /// Whether the base64url signature is this key's over this message.
    pub(crate) fn verify(&self, message: &[u8], signature: &str) -> bool {
        let signature = URL_SAFE_NO_PAD.decode(signature);
        signature.is_ok_and(|signature| self.verifying.verify_sig(message, &signature).is_ok())
    }
}

/// The crate's RSA signer takes PKCS#1, which it digs out of PKCS#8 only when that is PEM.
fn rsa_signing_key(pkcs8: &[u8]) -> Result<EncodingKey, Fault> {
    let base64 = Zeroizing::new(STANDARD.encode(pkcs8));
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", base64.as_str());
    EncodingKey::from_rsa_pem(Zeroizing::new(pem).as_bytes()).map_err(|error| Fault::internal("signing key", error))
}

const fn jwa(algorithm: SigningAlgorithm) -> Algorithm {
    match algorithm {
        SigningAlgorithm::Es256 => Algorithm::ES256,
        SigningAlgorithm::EdDsa => Algorithm::EdDSA,
        SigningAlgorithm::Rs256 => Algorithm::RS256,
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::DecodingKey;
    use jsonwebtoken::jwk::{Jwk, ThumbprintHash};

    use super::*;

    #[test]
    fn the_kid_is_the_thumbprint_and_the_jwk_verifies() {
        for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa, SigningAlgorithm::Rs256] {
            let pair = KeyPair::from_pkcs8(algorithm, &generate(algorithm).unwrap()).unwrap();
            let jwk: Jwk = serde_json::from_str(&pair.public_jwk()).unwrap();
            assert_eq!(pair.kid(), jwk.thumbprint(ThumbprintHash::SHA256).unwrap(), "{algorithm:?}");
            assert_eq!(jwk.common.key_id.as_deref(), Some(pair.kid().as_str()));
            let signature = pair.sign(b"message").unwrap();
            let verifier = DecodingKey::from_jwk(&jwk).unwrap();
            assert!(crypto::verify(&signature, b"message", &verifier, jwa(algorithm)).unwrap());
            assert!(pair.verify(b"message", &signature));
            assert!(!pair.verify(b"another", &signature));
            assert!(!pair.public_jwk().contains("\"d\""));
        }
    }

    #[test]
    fn a_key_of_another_algorithm_is_not_read() {
        let pkcs8 = generate(SigningAlgorithm::Es256).unwrap();
        assert!(KeyPair::from_pkcs8(SigningAlgorithm::EdDsa, &pkcs8).is_err());
        assert!(KeyPair::from_pkcs8(SigningAlgorithm::Rs256, &pkcs8).is_err());
    }
}
