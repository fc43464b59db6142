//! Makes a new signing key: announced first, or after a compromise in force at once with every older one refused.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::signing_key::{self, SigningAlgorithm, SigningKey};

use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::policy::Policy;
use crate::ports::clock::Clock;
use crate::ports::signing_keys::{SigningKeyFactory, SigningKeyRepository};
use crate::ports::unit_of_work::UnitOfWorkFactory;
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct RotateKeysCommand {
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// Whether older keys are compromised.
    pub immediate: bool,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum RotateKeysError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { RotateKeysError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct RotateKeys {
    clock: Arc<dyn Clock>,
    factory: Arc<dyn SigningKeyFactory>,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    trail: Trail,
    policy: Policy,
}

impl RotateKeys {
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

    /// Makes a new signing key: announced first, or after a compromise in force at once with every older one refused.
    /// Where no key signs there is nobody to wait for: the new one signs at once.
    pub async fn execute(&self, origin: &Origin, command: RotateKeysCommand) -> Result<SigningKey, RotateKeysError> {
        // Before the unit of work: a large RSA key takes its time.
        let mut new = self.factory.generate(command.algorithm, self.clock.now())?;
        let uow = self.units_of_work.begin().await?;
        let before = uow.signing_keys().list().await?;
        // Others may have made keys until the lock was there.
        let now = self.clock.now();
        let mut others = before.clone();
        if command.immediate {
            signing_key::replace_compromised(&mut new, &mut others, now);
        } else if signing_key::active_key(&before, self.policy.longest_token(), now).is_some() {
            signing_key::announce(&mut new, &mut others, now);
        } else {
            signing_key::start(&mut new, &others, now);
        }
        uow.signing_keys().insert(&new).await?;
        store_changed(uow.signing_keys(), &before, &others).await?;
        let event = self.trail.event(AuditKind::KeyRotated, origin, now).detail(new.kid.clone());
        uow.audit().append(&event).await?;
        finish(uow, [], &self.trail, [event]).await?;
        Ok(new)
    }
}

/// Stores those keys that differ from what they were.
pub(crate) async fn store_changed(
    repository: &dyn SigningKeyRepository,
    before: &[SigningKey],
    after: &[SigningKey],
) -> Result<(), Fault> {
    for (_, key) in before.iter().zip(after).filter(|(before, after)| before != after) {
        repository.update(key).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use countersign_domain::signing_key::ANNOUNCEMENT;
    use time::Duration;

    use super::*;
    use crate::keys::fixtures::{Stored, key};
    use crate::testing::{Mocks, NOW, origin};

    fn mocks() -> Mocks {
        let mut mocks = Mocks::default();
        mocks.signing_key_factory.expect_generate().returning(|algorithm, now| {
            let mut new = key("new", now);
            new.algorithm = algorithm;
            Ok(new)
        });
        mocks
    }

    async fn rotate(mocks: Mocks, immediate: bool) -> Result<SigningKey, RotateKeysError> {
        let command = RotateKeysCommand { algorithm: SigningAlgorithm::EdDsa, immediate };
        RotateKeys::new(&mocks.into_dependencies()).execute(&origin(), command).await
    }

    #[tokio::test]
    async fn a_rotation_announces_the_new_key_and_ends_the_former_then() {
        let mut mocks = mocks();
        let stored = Stored::default();
        let mut settled = key("settled", NOW - Duration::days(60));
        settled.retired_at = Some(NOW - Duration::days(30));
        let written = mocks.stage(stored.stage(vec![settled, key("old", NOW - Duration::days(30))]));
        let new = rotate(mocks, false).await.unwrap();
        assert_eq!((new.active_from, new.algorithm), (NOW + ANNOUNCEMENT, SigningAlgorithm::EdDsa));
        let keys = stored.keys();
        let kids: Vec<_> = keys.iter().map(|key| key.kid.as_str()).collect();
        assert_eq!(kids, ["new", "old"], "a key that does not change is not written");
        assert_eq!(keys[1].retired_at, Some(NOW + ANNOUNCEMENT));
        assert!(written.committed());
        assert_eq!(written.audited(), [AuditKind::KeyRotated]);
        assert_eq!(written.events()[0].detail.as_deref(), Some("new"));
    }

    #[tokio::test]
    async fn after_a_compromise_the_new_key_signs_at_once_and_older_ones_are_refused() {
        let mut mocks = mocks();
        let stored = Stored::default();
        mocks.stage(stored.stage(vec![key("old", NOW - Duration::days(30)), key("next", NOW + Duration::minutes(3))]));
        let new = rotate(mocks, true).await.unwrap();
        assert_eq!(new.active_from, NOW);
        assert!(stored.keys()[1..].iter().all(|key| key.refused_at == Some(NOW)));
        assert_eq!(stored.keys().len(), 3);
    }

    #[tokio::test]
    async fn where_no_key_signs_the_new_one_starts_at_once() {
        let mut mocks = mocks();
        let stored = Stored::default();
        mocks.stage(stored.stage(vec![]));
        assert_eq!(rotate(mocks, false).await.unwrap().active_from, NOW);
    }

    #[tokio::test]
    async fn a_rotation_that_fails_halfway_commits_nothing() {
        let mut mocks = mocks();
        let mut unit = Stored::default().stage(vec![]);
        unit.signing_keys.checkpoint();
        unit.signing_keys.expect_list().returning(|| Ok(vec![key("old", NOW - Duration::days(30))]));
        unit.signing_keys.expect_insert().returning(|_| Ok(()));
        unit.signing_keys.expect_update().returning(|_| Err(Fault::unavailable("database", "gone")));
        let written = mocks.stage(unit);
        assert!(rotate(mocks, false).await.is_err());
        assert!(!written.committed());
    }
}
