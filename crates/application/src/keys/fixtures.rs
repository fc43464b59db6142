//! Keys to start a test from.

use std::sync::{Arc, Mutex, PoisonError};

use countersign_domain::signing_key::{SigningAlgorithm, SigningKey};
use time::OffsetDateTime;

use crate::testing::StagedUnitOfWork;

/// A key that signs from then on, never retired.
pub(crate) fn key(kid: &str, active_from: OffsetDateTime) -> SigningKey {
    SigningKey {
        kid: kid.to_owned(),
        algorithm: SigningAlgorithm::Es256,
        sealed_private: vec![],
        public_jwk: format!("{kid}-jwk"),
        created_at: active_from,
        active_from,
        retired_at: None,
        refused_at: None,
    }
}

/// What a unit of work wrote to the keys.
#[derive(Clone, Default)]
pub(crate) struct Stored(Arc<Mutex<Vec<SigningKey>>>);

impl Stored {
    /// A unit of work that lists these keys and records what is written.
    pub(crate) fn stage(&self, keys: Vec<SigningKey>) -> StagedUnitOfWork {
        let mut unit = StagedUnitOfWork::default();
        unit.signing_keys.expect_list().returning(move || Ok(keys.clone()));
        let stored = self.clone();
        unit.signing_keys.expect_insert().returning(move |key| {
            stored.push(key);
            Ok(())
        });
        let stored = self.clone();
        unit.signing_keys.expect_update().returning(move |key| {
            stored.push(key);
            Ok(())
        });
        unit
    }

    fn push(&self, key: &SigningKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(key.clone());
    }

    /// The keys that were inserted or updated, in order.
    pub(crate) fn keys(&self) -> Vec<SigningKey> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
