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
