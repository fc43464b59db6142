//! Makes the first signing key where there is none that signs, and announces one where the algorithm was changed.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::signing_key::{self, SigningAlgorithm, SigningKey};
use time::OffsetDateTime;

use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::keys::rotate_keys::store_changed;
use crate::policy::Policy;
use crate::ports::clock::Clock;
use crate::ports::signing_keys::{SigningKeyFactory, SigningKeyRepository};
use crate::ports::unit_of_work::UnitOfWorkFactory;
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct EnsureKeyCommand {
    /// What the service is set to sign with.
    pub algorithm: SigningAlgorithm,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum EnsureKeyError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { EnsureKeyError {
} via { Internal } }

/// What the keys lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Nothing,
    /// No key signs.
    First,
    /// What signs in the end does so with another algorithm.
    Successor,
}

/// The use case.
#[derive(Clone)]
pub struct EnsureKey {
    clock: Arc<dyn Clock>,
    keys: Arc<dyn SigningKeyRepository>,
    factory: Arc<dyn SigningKeyFactory>,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    trail: Trail,
    policy: Policy,
}

impl EnsureKey {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            keys: Arc::clone(&dependencies.signing_keys),
            factory: Arc::clone(&dependencies.signing_key_factory),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            trail: Trail::new(dependencies),
            policy: dependencies.policy.clone(),
        }
    }

    /// Makes the first signing key where there is none that signs, and announces one where the algorithm was changed.
    /// Nodes that start at the same moment make one key: what is needed is judged again under the lock. Returns all
    /// keys as they are then.
    pub async fn execute(&self, origin: &Origin, command: EnsureKeyCommand) -> Result<Vec<SigningKey>, EnsureKeyError> {
        let at_first = self.clock.now();
        let seen = self.keys.list().await?;
        if self.need(&seen, command.algorithm, at_first) == Need::Nothing {
            return Ok(seen);
        }
        let mut new = self.factory.generate(command.algorithm, at_first)?;
        let uow = self.units_of_work.begin().await?;
        let before = uow.signing_keys().list().await?;
        // Not the time before the wait for the lock: a key that was made meanwhile would seem not to sign yet.
        let now = self.clock.now();
        let mut others = before.clone();
        match self.need(&before, command.algorithm, now) {
            Need::Nothing => return Ok(before),
            Need::First => signing_key::start(&mut new, &others, now),
            Need::Successor => signing_key::announce(&mut new, &mut others, now),
        }
        uow.signing_keys().insert(&new).await?;
        store_changed(uow.signing_keys(), &before, &others).await?;
        let event = self.trail.event(AuditKind::KeyRotated, origin, now).detail(new.kid.clone());
        uow.audit().append(&event).await?;
        finish(uow, [], &self.trail, [event]).await?;
        others.push(new);
        Ok(others)
    }

    fn need(&self, keys: &[SigningKey], algorithm: SigningAlgorithm, now: OffsetDateTime) -> Need {
        if signing_key::active_key(keys, self.policy.longest_token(), now).is_none() {
            return Need::First;
        }
        let lasting = signing_key::lasting_key(keys, now);
        if lasting.is_some_and(|key| key.algorithm == algorithm) { Need::Nothing } else { Need::Successor }
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::signing_key::ANNOUNCEMENT;
    use time::Duration;

    use super::*;
    use crate::error::{Classify, Kind};
    use crate::keys::fixtures::{Stored, key};
    use crate::testing::{Mocks, NOW, StagedUnitOfWork, Written, origin, outage};

    const SINCE: OffsetDateTime = time::macros::datetime!(2025-12-01 00:00 UTC);

    /// Ensures a key for `algorithm`, where `seen` are the keys at first sight and `locked` those under the lock. What
    /// is told of them afterwards is what was stored.
    async fn ensure(algorithm: SigningAlgorithm, seen: Vec<SigningKey>, locked: Vec<SigningKey>) -> (Stored, Written) {
        let mut mocks = Mocks::default();
        mocks.signing_keys.expect_list().returning(move || Ok(seen.clone()));
        mocks.signing_key_factory.expect_generate().returning(|algorithm, now| {
            let mut new = key("new", now);
            new.algorithm = algorithm;
            Ok(new)
        });
        let stored = Stored::default();
        let written = mocks.stage(stored.stage(locked.clone()));
        let use_case = EnsureKey::new(&mocks.into_dependencies());
        let mut told = use_case.execute(&origin(), EnsureKeyCommand { algorithm }).await.unwrap();
        let stored_keys = stored.keys();
        let mut now: Vec<_> =
            locked.into_iter().filter(|key| stored_keys.iter().all(|stored| stored.kid != key.kid)).collect();
        now.extend(stored_keys);
        now.sort_by(|one, other| one.kid.cmp(&other.kid));
        told.sort_by(|one, other| one.kid.cmp(&other.kid));
        assert_eq!(told, now);
        (stored, written)
    }

    fn handing_over() -> Vec<SigningKey> {
        let mut active = key("active", SINCE);
        let mut next = key("next", NOW);
        next.algorithm = SigningAlgorithm::EdDsa;
        signing_key::announce(&mut next, std::slice::from_mut(&mut active), NOW);
        vec![active, next]
    }

    #[tokio::test]
    async fn the_first_key_signs_at_once() {
        let (stored, written) = ensure(SigningAlgorithm::Es256, vec![], vec![]).await;
        assert_eq!(stored.keys()[0].active_from, NOW);
        assert!(written.committed());
        assert_eq!(written.audited(), [AuditKind::KeyRotated]);
        assert_eq!(written.events()[0].detail.as_deref(), Some("new"));
    }

    #[tokio::test]
    async fn a_node_that_comes_second_adds_nothing() {
        let (stored, written) = ensure(SigningAlgorithm::Es256, vec![], vec![key("first", SINCE)]).await;
        assert!(stored.keys().is_empty() && written.audited().is_empty());
    }

    #[tokio::test]
    async fn a_key_that_another_node_made_while_this_one_waited_for_the_lock_is_enough() {
        let mut mocks = Mocks::default();
        mocks.signing_keys.expect_list().returning(|| Ok(vec![]));
        mocks.signing_key_factory.expect_generate().returning(|_, now| Ok(key("new", now)));
        let (stored, clock) = (Stored::default(), Arc::clone(&mocks.clock));
        let mut unit = stored.stage(vec![]);
        unit.signing_keys.checkpoint();
        unit.signing_keys.expect_list().returning(move || {
            clock.advance(Duration::milliseconds(20));
            Ok(vec![key("theirs", NOW + Duration::milliseconds(10))])
        });
        mocks.stage(unit);
        let command = EnsureKeyCommand { algorithm: SigningAlgorithm::Es256 };
        EnsureKey::new(&mocks.into_dependencies()).execute(&origin(), command).await.unwrap();
        assert!(stored.keys().is_empty());
    }

    #[tokio::test]
    async fn a_key_of_the_right_algorithm_is_enough() {
        let keys = vec![key("active", SINCE)];
        let (stored, written) = ensure(SigningAlgorithm::Es256, keys.clone(), keys).await;
        assert!(stored.keys().is_empty() && !written.committed());
    }

    #[tokio::test]
    async fn another_algorithm_is_announced() {
        let keys = vec![key("active", SINCE)];
        let (stored, _) = ensure(SigningAlgorithm::EdDsa, keys.clone(), keys).await;
        assert_eq!(stored.keys()[0].active_from, NOW + ANNOUNCEMENT);
        assert_eq!(stored.keys()[1].retired_at, Some(NOW + ANNOUNCEMENT));
    }

    #[tokio::test]
    async fn another_algorithm_that_is_announced_already_is_not_announced_again() {
        let (stored, _) = ensure(SigningAlgorithm::EdDsa, handing_over(), handing_over()).await;
        assert!(stored.keys().is_empty());
    }

    #[tokio::test]
    async fn an_announcement_of_what_is_no_longer_wanted_gets_a_successor() {
        let (stored, _) = ensure(SigningAlgorithm::Es256, handing_over(), handing_over()).await;
        assert_eq!(stored.keys()[0].algorithm, SigningAlgorithm::Es256);
    }

    #[tokio::test]
    async fn where_only_an_announced_key_is_left_one_signs_until_then() {
        let next = key("next", NOW + Duration::minutes(5));
        let (stored, _) = ensure(SigningAlgorithm::Es256, vec![next.clone()], vec![next]).await;
        let new = &stored.keys()[0];
        assert_eq!((new.active_from, new.retired_at), (NOW, Some(NOW + Duration::minutes(5))));
    }

    #[tokio::test]
    async fn what_fails_on_the_way_makes_no_key() {
        let broken: [fn(&mut Mocks, &mut StagedUnitOfWork); 6] = [
            |mocks, _| {
                mocks.signing_keys.checkpoint();
                mocks.signing_keys.expect_list().returning(|| Err(outage()));
            },
            |mocks, _| {
                mocks.signing_key_factory.checkpoint();
                mocks.signing_key_factory.expect_generate().returning(|_, _| Err(outage()));
            },
            |_, unit| {
                unit.signing_keys.checkpoint();
                unit.signing_keys.expect_list().returning(|| Err(outage()));
            },
            |_, unit| {
                unit.signing_keys.checkpoint();
                unit.signing_keys.expect_list().returning(|| Ok(vec![]));
                unit.signing_keys.expect_insert().returning(|_| Err(outage()));
            },
            |_, unit| unit.written.refuse_events(),
            |_, unit| unit.fail_commit = true,
        ];
        for fail in broken {
            let mut mocks = Mocks::default();
            mocks.signing_keys.expect_list().returning(|| Ok(vec![]));
            mocks.signing_key_factory.expect_generate().returning(|_, now| Ok(key("new", now)));
            let mut unit = Stored::default().stage(vec![]);
            fail(&mut mocks, &mut unit);
            let written = mocks.stage(unit);
            let use_case = EnsureKey::new(&mocks.into_dependencies());
            let command = EnsureKeyCommand { algorithm: SigningAlgorithm::Es256 };
            let error = use_case.execute(&origin(), command).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Unavailable);
            assert!(!written.committed());
        }
    }
}
