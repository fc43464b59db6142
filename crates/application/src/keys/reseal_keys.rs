//! Seals the signing keys with the current secret key, so that the previous one can be dropped.

use std::sync::Arc;

use countersign_domain::signing_key::SigningKey;
use time::{Duration, OffsetDateTime};

use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::keys::rotate_keys::store_changed;
use crate::policy::Policy;
use crate::ports::clock::Clock;
use crate::ports::signing_keys::SigningKeyFactory;
use crate::ports::unit_of_work::UnitOfWorkFactory;
use crate::trail::Trail;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ResealKeysError {
    /// Neither the current nor the previous secret key opens a key whose tokens count, now or once it signs.
    #[error("the secret key does not open the signing key {kid}")]
    KeyNotOpened {
        /// Which one.
        kid: String,
        /// Why.
        #[source]
        source: Fault,
    },
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ResealKeysError {
    KeyNotOpened => Internal "internal_error",
} via { Internal } }

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResealedKeys {
    /// All keys as they are now.
    pub keys: Vec<SigningKey>,
    /// How many of them were sealed anew.
    pub resealed: usize,
}

/// The use case.
#[derive(Clone)]
pub struct ResealKeys {
    clock: Arc<dyn Clock>,
    factory: Arc<dyn SigningKeyFactory>,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    trail: Trail,
    policy: Policy,
}

impl ResealKeys {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            factory: Arc::clone(&dependencies.signing_key_factory),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            trail: Trail::new(dependencies),
            policy: dependencies.policy.clone(),
        }
    }

    /// Seals the signing keys with the current secret key, so that the previous one can be dropped. `seen` are the
    /// keys as they were a moment ago; if there is something to do, it is judged again under the lock. A key that does
    /// not open is never replaced: that would end every token behind the operator's back. Those whose tokens are
    /// refused anyhow are left as they are.
    pub async fn execute(&self, seen: Vec<SigningKey>) -> Result<ResealedKeys, ResealKeysError> {
        let now = self.clock.now();
        if self.resealed(&seen, now)?.is_none() {
            return Ok(ResealedKeys { keys: seen, resealed: 0 });
        }
        let uow = self.units_of_work.begin().await?;
        let before = uow.signing_keys().list().await?;
        let Some(keys) = self.resealed(&before, now)? else { return Ok(ResealedKeys { keys: before, resealed: 0 }) };
        store_changed(uow.signing_keys(), &before, &keys).await?;
        finish(uow, [], &self.trail, []).await?;
        let resealed = before.iter().zip(&keys).filter(|(before, after)| before != after).count();
        Ok(ResealedKeys { keys, resealed })
    }

    fn resealed(&self, keys: &[SigningKey], now: OffsetDateTime) -> Result<Option<Vec<SigningKey>>, ResealKeysError> {
        resealed(&*self.factory, keys, self.policy.longest_token(), now)
    }
}

/// The keys as they should be; `None` if they are so. It fails where a key whose tokens count does not open. Stores
/// nothing.
pub fn resealed(
    factory: &dyn SigningKeyFactory,
    keys: &[SigningKey],
    longest_token: Duration,
    now: OffsetDateTime,
) -> Result<Option<Vec<SigningKey>>, ResealKeysError> {
    let mut after = keys.to_vec();
    for key in after.iter_mut().filter(|key| key.is_honoured(longest_token, now)) {
        match factory.reseal(key) {
            Ok(Some(sealed)) => key.sealed_private = sealed,
            Ok(None) => {}
            Err(source) => return Err(ResealKeysError::KeyNotOpened { kid: key.kid.clone(), source }),
        }
    }
    Ok(Some(after).filter(|after| after != keys))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Classify as _, Kind};
    use crate::keys::fixtures::{Stored, key};
    use crate::testing::{Mocks, NOW, StagedUnitOfWork, Written, outage};

    const SINCE: OffsetDateTime = time::macros::datetime!(2025-12-01 00:00 UTC);

    fn sealed(kid: &str, by: &str) -> SigningKey {
        SigningKey { sealed_private: by.into(), ..key(kid, SINCE) }
    }

    fn refused(kid: &str, by: &str) -> SigningKey {
        SigningKey { refused_at: Some(NOW), ..sealed(kid, by) }
    }

    fn mocks() -> Mocks {
        let mut mocks = Mocks::default();
        mocks.signing_key_factory.expect_reseal().returning(|key| match &*key.sealed_private {
            b"current" => Ok(None),
            b"previous" => Ok(Some(b"current".to_vec())),
            _ => Err(Fault::internal("something sealed", "neither secret key opens it")),
        });
        mocks
    }

    async fn reseal(
        seen: Vec<SigningKey>,
        locked: Option<Vec<SigningKey>>,
    ) -> (Result<ResealedKeys, ResealKeysError>, Stored, Option<Written>) {
        let mut mocks = mocks();
        let stored = Stored::default();
        let written = locked.map(|locked| mocks.stage(stored.stage(locked)));
        (ResealKeys::new(&mocks.into_dependencies()).execute(seen).await, stored, written)
    }

    #[tokio::test]
    async fn what_the_previous_key_sealed_is_sealed_by_the_current_one() {
        let keys = vec![sealed("a", "current"), sealed("b", "previous"), refused("c", "unknown")];
        let (resealed, stored, written) = reseal(keys.clone(), Some(keys)).await;
        let now = vec![sealed("a", "current"), sealed("b", "current"), refused("c", "unknown")];
        assert_eq!(resealed.unwrap(), ResealedKeys { keys: now, resealed: 1 });
        assert_eq!(stored.keys(), [sealed("b", "current")]);
        assert!(written.unwrap().committed());
    }

    #[tokio::test]
    async fn where_all_is_sealed_by_the_current_one_nothing_is_written() {
        // No unit of work is staged: beginning one would be a fault.
        let done = ResealedKeys { keys: vec![sealed("a", "current")], resealed: 0 };
        assert_eq!(reseal(done.keys.clone(), None).await.0.unwrap(), done);
        let (late, stored, written) = reseal(vec![sealed("a", "previous")], Some(done.keys.clone())).await;
        assert_eq!(late.unwrap(), done, "another node came first");
        assert!(stored.keys().is_empty() && !written.unwrap().committed());
    }

    #[tokio::test]
    async fn what_fails_halfway_reseals_nothing() {
        let keys = || vec![sealed("a", "previous"), sealed("b", "previous")];
        let failing = |stage: &'static str| {
            let mut unit = StagedUnitOfWork { fail_commit: stage == "commit", ..StagedUnitOfWork::default() };
            unit.signing_keys.expect_list().returning(move || if stage == "list" { Err(outage()) } else { Ok(keys()) });
            unit.signing_keys.expect_update().returning(move |key| match stage {
                "update" if key.kid == "b" => Err(outage()),
                _ => Ok(()),
            });
            unit
        };
        for stage in ["begin", "list", "update", "commit"] {
            let mut mocks = mocks();
            // Without a staged unit of work there is none to begin.
            let written = (stage != "begin").then(|| mocks.stage(failing(stage)));
            let failed = ResealKeys::new(&mocks.into_dependencies()).execute(keys()).await.unwrap_err();
            assert_eq!(failed.kind(), Kind::Unavailable, "{stage}");
            assert!(!written.is_some_and(|written| written.committed()), "{stage}");
        }
    }

    #[tokio::test]
    async fn a_key_that_counts_and_does_not_open_is_told_by_its_id_and_left_alone() {
        let announced = SigningKey { active_from: NOW + Duration::minutes(5), ..sealed("next", "unknown") };
        let (refused, stored, _) = reseal(vec![sealed("a", "previous"), announced], None).await;
        let refused = refused.unwrap_err();
        assert_eq!((refused.kind(), refused.to_string().contains("next")), (Kind::Internal, true));
        assert!(stored.keys().is_empty());
    }
}
