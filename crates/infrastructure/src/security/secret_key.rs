//! The secret key of the service, and the keys that are derived from it.

use std::fmt;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_application::error::Fault;
use countersign_application::ports::secret_generator::SecretGenerator;
use countersign_domain::secret::Secret;
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

use crate::security::aead;

/// Thirty-two secret octets. Wiped when dropped, hidden in `Debug`.
#[derive(Clone, ZeroizeOnDrop)]
pub struct SecretKey([u8; SecretKey::LENGTH]);

/// Why a text is no secret key. The text itself is never repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretKeyError {
    /// It is not base64.
    #[error("a secret key is 32 octets in base64; this is not base64")]
    NotBase64,
    /// Another number of octets.
    #[error("a secret key is 32 octets in base64; this has {0}")]
    Length(usize),
    /// Hardly any two octets differ: typed by a person, or a placeholder.
    #[error("this secret key is not random; make one with `openssl rand -base64 32`")]
    NotRandom,
}

impl SecretKey {
    /// Octets of a key.
    pub const LENGTH: usize = 32;
    /// 32 random octets have about 30 different values; fewer than these come up less than once in 2^100.
    const DIFFERENT_OCTETS: usize = 8;

    /// Takes the octets over.
    pub const fn new(octets: [u8; Self::LENGTH]) -> Self {
        Self(octets)
    }

    /// A new one.
    pub fn generate(secrets: &dyn SecretGenerator) -> Self {
        Self(secrets.octets())
    }

    /// Reads base64, white space around it allowed: files end in a newline.
    pub fn parse(text: &str) -> Result<Self, SecretKeyError> {
        // The error would name a character of the secret.
        let Ok(octets) = STANDARD.decode(text.trim()).map(Zeroizing::new) else {
            return Err(SecretKeyError::NotBase64);
        };
        let mut key = [0; Self::LENGTH];
        if octets.len() != Self::LENGTH {
            return Err(SecretKeyError::Length(octets.len()));
        }
        key.copy_from_slice(&octets);
        let mut seen = Zeroizing::new(key);
        seen.sort_unstable();
        let different = 1 + seen.windows(2).filter(|pair| pair[0] != pair[1]).count();
        if different < Self::DIFFERENT_OCTETS {
            key.zeroize();
            return Err(SecretKeyError::NotRandom);
        }
        Ok(Self(key))
    }

    /// The base64 form, for the file it is kept in.
    pub fn to_base64(&self) -> Secret {
        Secret::new(STANDARD.encode(self.0))
    }

    fn derive(&self, purpose: &str) -> Result<Zeroizing<[u8; 32]>, Fault> {
        derive(b"countersign secret key", &self.0, purpose)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(***)")
    }
}

/// A key for one purpose, by HKDF-SHA256 (RFC 5869).
pub(crate) fn derive(salt: &[u8], secret: &[u8], purpose: &str) -> Result<Zeroizing<[u8; 32]>, Fault> {
    let mut key = Zeroizing::new([0; 32]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(key.as_mut_slice()))
        .map_err(|Unspecified| Fault::internal("key derivation", "HKDF refused"))?;
    Ok(key)
}

/// The key that seals, and the one before it that only opens.
#[derive(Clone, Debug)]
pub struct SecretKeyRing {
    current: SecretKey,
    previous: Option<SecretKey>,
}

impl SecretKeyRing {
    /// With the former key for as long as something sealed by it is around.
    pub const fn new(current: SecretKey, previous: Option<SecretKey>) -> Self {
        Self { current, previous }
    }

    /// The key of this purpose. Purposes are fixed texts, one for each use, so that no key serves two.
    pub fn derive(&self, purpose: &str) -> Result<Zeroizing<[u8; 32]>, Fault> {
        self.current.derive(purpose)
    }

    /// Seals for this purpose, bound to what it belongs to.
    pub fn seal(&self, purpose: &str, associated: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, Fault> {
        aead::seal(&*self.derive(purpose)?, associated, plaintext)
    }

    /// Whether the current key has sealed this, and not the previous one.
    pub fn is_current(&self, purpose: &str, associated: &[u8], sealed: &[u8]) -> Result<bool, Fault> {
        Ok(aead::open(&*self.derive(purpose)?, associated, sealed).is_some())
    }

    /// Opens what either key has sealed for this purpose and this associated data.
    pub fn open(&self, purpose: &str, associated: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        for key in std::iter::once(&self.current).chain(&self.previous) {
            if let Some(open) = aead::open(&*key.derive(purpose)?, associated, sealed) {
                return Ok(open);
            }
        }
        Err(Fault::internal("something sealed", "neither secret key opens it, or it belongs elsewhere"))
    }
}

#[cfg(test)]
mod tests {
    use crate::system::SystemSecretGenerator;

    use super::*;

    fn key() -> SecretKey {
        SecretKey::generate(&SystemSecretGenerator)
    }

    #[test]
    fn a_key_reads_back_from_its_file() {
        let key = key();
        let read = SecretKey::parse(&format!("{}\n", key.to_base64().expose())).unwrap();
        assert_eq!(read.0, key.0);
    }

    #[test]
    fn weak_keys_are_refused() {
        let parse = |text: &str| SecretKey::parse(text).unwrap_err();
        assert_eq!(parse("secret key!"), SecretKeyError::NotBase64);
        assert_eq!(parse(""), SecretKeyError::Length(0));
        assert_eq!(parse(&STANDARD.encode([1; 16])), SecretKeyError::Length(16));
        assert_eq!(parse(&STANDARD.encode([1; 33])), SecretKeyError::Length(33));
        assert_eq!(parse(&STANDARD.encode([0; 32])), SecretKeyError::NotRandom);
        assert_eq!(parse(&STANDARD.encode("abababababababababababababababab")), SecretKeyError::NotRandom);
    }

    #[test]
    fn keys_do_not_show() {
        let ring = SecretKeyRing::new(SecretKey::new([65; 32]), Some(SecretKey::new([66; 32])));
        assert_eq!(format!("{ring:?}"), "SecretKeyRing { current: SecretKey(***), previous: Some(SecretKey(***)) }");
    }

    #[test]
    fn each_purpose_has_a_key_of_its_own() {
        let ring = SecretKeyRing::new(key(), None);
        assert_eq!(ring.derive("a").unwrap(), ring.derive("a").unwrap());
        assert_ne!(ring.derive("a").unwrap(), ring.derive("b").unwrap());
        let sealed = ring.seal("a", b"row", b"text").unwrap();
        assert!(ring.open("b", b"row", &sealed).is_err());
        assert!(ring.open("a", b"other row", &sealed).is_err());
    }

    #[test]
    fn the_former_key_opens_and_never_seals() {
        let (old, new) = (key(), key());
        let sealed = SecretKeyRing::new(old.clone(), None).seal("a", b"", b"text").unwrap();
        let both = SecretKeyRing::new(new.clone(), Some(old.clone()));
        assert_eq!(both.open("a", b"", &sealed).unwrap().as_slice(), b"text");
        let again = both.seal("a", b"", b"text").unwrap();
        assert!(SecretKeyRing::new(old, None).open("a", b"", &again).is_err());
        let alone = SecretKeyRing::new(new, None);
        assert!(alone.open("a", b"", &again).is_ok());
        assert!(alone.open("a", b"", &sealed).is_err());
    }
}
