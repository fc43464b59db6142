//! Makes signing keys, and opens them again.

use std::sync::Arc;

use countersign_application::error::Fault;
use countersign_application::ports::signing_keys::SigningKeyFactory;
use countersign_domain::signing_key::{SigningAlgorithm, SigningKey};
use time::OffsetDateTime;

use crate::security::secret_key::SecretKeyRing;
use crate::security::tokens::key_pair::{KeyPair, generate};

const SIGNING_KEYS: &str = "signing keys";

/// Makes key pairs with AWS-LC and seals their private half, bound to the key's id, with the secret key.
pub struct SealedKeyFactory {
    keys: Arc<SecretKeyRing>,
}

impl SealedKeyFactory {
    /// With the secret keys of the service.
    pub const fn new(keys: Arc<SecretKeyRing>) -> Self {
        Self { keys }
    }
}

impl SigningKeyFactory for SealedKeyFactory {
    fn generate(&self, algorithm: SigningAlgorithm, now: OffsetDateTime) -> Result<SigningKey, Fault> {
        let pkcs8 = generate(algorithm)?;
        let pair = KeyPair::from_pkcs8(algorithm, &pkcs8)?;
        let kid = pair.kid();
        Ok(SigningKey {
            sealed_private: self.keys.seal(SIGNING_KEYS, kid.as_bytes(), &pkcs8)?,
            public_jwk: pair.public_jwk(),
            kid,
            algorithm,
            created_at: now,
            active_from: now,
            retired_at: None,
            refused_at: None,
        })
    }

    fn reseal(&self, key: &SigningKey) -> Result<Option<Vec<u8>>, Fault> {
        let kid = key.kid.as_bytes();
        if self.keys.is_current(SIGNING_KEYS, kid, &key.sealed_private)? {
            return Ok(None);
        }
        let pkcs8 = self.keys.open(SIGNING_KEYS, kid, &key.sealed_private)?;
        self.keys.seal(SIGNING_KEYS, kid, &pkcs8).map(Some)
    }
}

/// Opens the private half of a stored key; a fault if it was sealed by another secret key or is not the key it is
/// named after.
pub(crate) fn open(keys: &SecretKeyRing, key: &SigningKey) -> Result<KeyPair, Fault> {
    let pkcs8 = keys.open(SIGNING_KEYS, key.kid.as_bytes(), &key.sealed_private)?;
    let pair = KeyPair::from_pkcs8(key.algorithm, &pkcs8)?;
    if pair.kid() == key.kid {
        Ok(pair)
    } else {
        Err(Fault::internal("signing key", "its id is not the thumbprint of its public half"))
    }
}

#[cfg(test)]
mod tests {
    use countersign_application::testing::NOW;

    use crate::security::secret_key::SecretKey;

    use super::*;

    #[test]
    fn a_key_moves_from_the_previous_secret_key_to_the_current_one() {
        let [old, new] = [7, 8].map(|octet| SecretKey::new([octet; 32]));
        let before = Arc::new(SecretKeyRing::new(old.clone(), None));
        let between = SealedKeyFactory::new(Arc::new(SecretKeyRing::new(new.clone(), Some(old))));
        let after = Arc::new(SecretKeyRing::new(new, None));
        let mut key = SealedKeyFactory::new(Arc::clone(&before)).generate(SigningAlgorithm::Es256, NOW).unwrap();
        assert!(SealedKeyFactory::new(Arc::clone(&after)).reseal(&key).is_err(), "neither key opens it");
        key.sealed_private = between.reseal(&key).unwrap().unwrap();
        assert_eq!(between.reseal(&key).unwrap(), None);
        assert!(open(&after, &key).is_ok());
        assert!(open(&before, &key).is_err());
    }

    #[test]
    fn a_key_opens_under_its_own_id_only() {
        let keys = Arc::new(SecretKeyRing::new(SecretKey::new([7; 32]), None));
        let mut key = SealedKeyFactory::new(Arc::clone(&keys)).generate(SigningAlgorithm::Es256, NOW).unwrap();
        assert!(open(&keys, &key).is_ok());
        let pkcs8 = generate(SigningAlgorithm::Es256).unwrap();
        key.sealed_private = keys.seal(SIGNING_KEYS, key.kid.as_bytes(), &pkcs8).unwrap();
        assert!(open(&keys, &key).is_err(), "another key sealed under this id");
        assert!(open(&SecretKeyRing::new(SecretKey::new([8; 32]), None), &key).is_err());
    }
}
