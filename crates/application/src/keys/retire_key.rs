//! Refuses every token of a key from now on.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::signing_key::{self, KeyState};

use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::keys::rotate_keys::store_changed;
use crate::policy::Policy;
use crate::ports::clock::Clock;
use crate::ports::unit_of_work::UnitOfWorkFactory;
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct RetireKeyCommand {
    /// Which.
    pub kid: String,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum RetireKeyError {
    /// No such key.
    #[error("no such key")]
    KeyNotFound,
    /// This key signs at the moment; rotate first.
    #[error("this key signs at the moment; rotate first")]
    KeyActive,
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { RetireKeyError {
    KeyNotFound => Missing "key_not_found",
    KeyActive => Conflict "key_active",
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct RetireKey {
    clock: Arc<dyn Clock>,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    trail: Trail,
    policy: Policy,
}

impl RetireKey {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            trail: Trail::new(dependencies),
            policy: dependencies.policy.clone(),
        }
    }

    /// Refuses every token of a key from now on. A key that is refused already stays so, and that is no error.
    pub async fn execute(&self, origin: &Origin, command: RetireKeyCommand) -> Result<(), RetireKeyError> {
        let now = self.clock.now();
        let uow = self.units_of_work.begin().await?;
        let before = uow.signing_keys().list().await?;
        let key = before.iter().find(|key| key.kid == command.kid).ok_or(RetireKeyError::KeyNotFound)?;
        match signing_key::state(key, &before, self.policy.longest_token(), now) {
            KeyState::Active => return Err(RetireKeyError::KeyActive),
            KeyState::Refused => return Ok(()),
            KeyState::Announced | KeyState::Honoured => {}
        }
        let mut after = before.clone();
        signing_key::retire(&command.kid, &mut after, now);
        store_changed(uow.signing_keys(), &before, &after).await?;
        let event = self.trail.event(AuditKind::KeyRetired, origin, now).detail(command.kid);
        uow.audit().append(&event).await?;
        finish(uow, [], &self.trail, [event]).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::signing_key::SigningKey;
    use time::Duration;

    use super::*;
    use crate::error::{Classify, Kind};
    use crate::keys::fixtures::{Stored, key};
    use crate::testing::{Mocks, NOW, StagedUnitOfWork, Written, origin, outage};

    fn keys() -> Vec<SigningKey> {
        let mut refused = key("refused", NOW - Duration::days(90));
        refused.refused_at = Some(NOW - Duration::days(60));
        let mut honoured = key("honoured", NOW - Duration::days(60));
        honoured.retired_at = Some(NOW - Duration::minutes(5));
        let mut active = key("active", NOW - Duration::minutes(5));
        active.retired_at = Some(NOW + Duration::minutes(5));
        vec![refused, honoured, active, key("announced", NOW + Duration::minutes(5))]
    }

    async fn retire(kid: &str) -> (Result<(), RetireKeyError>, Stored, Written) {
        let mut mocks = Mocks::default();
        let stored = Stored::default();
        let written = mocks.stage(stored.stage(keys()));
        let use_case = RetireKey::new(&mocks.into_dependencies());
        let outcome = use_case.execute(&origin(), RetireKeyCommand { kid: kid.to_owned() }).await;
        (outcome, stored, written)
    }

    #[tokio::test]
    async fn an_honoured_key_is_refused_from_now_on() {
        let (outcome, stored, written) = retire("honoured").await;
        outcome.unwrap();
        assert_eq!(stored.keys().len(), 1);
        assert_eq!((stored.keys()[0].kid.as_str(), stored.keys()[0].refused_at), ("honoured", Some(NOW)));
        assert!(written.committed());
        assert_eq!(written.audited(), [AuditKind::KeyRetired]);
        assert_eq!(written.events()[0].detail.as_deref(), Some("honoured"));
    }

    #[tokio::test]
    async fn the_active_key_goes_on_when_the_announced_one_is_retired() {
        let (outcome, stored, _) = retire("announced").await;
        outcome.unwrap();
        let active = stored.keys().into_iter().find(|key| key.kid == "active").unwrap();
        assert_eq!(active.retired_at, None);
    }

    #[tokio::test]
    async fn the_active_key_cannot_be_retired() {
        let (outcome, stored, written) = retire("active").await;
        assert!(matches!(outcome, Err(RetireKeyError::KeyActive)));
        assert!(stored.keys().is_empty() && !written.committed());
    }

    #[tokio::test]
    async fn an_unknown_key_is_not_found_and_a_refused_one_stays_refused() {
        assert!(matches!(retire("nothing").await.0, Err(RetireKeyError::KeyNotFound)));
        let (outcome, stored, written) = retire("refused").await;
        outcome.unwrap();
        assert!(stored.keys().is_empty() && written.audited().is_empty());
    }

    #[tokio::test]
    async fn what_fails_on_the_way_retires_nothing() {
        let broken: [fn(&mut StagedUnitOfWork); 4] = [
            |unit| {
                unit.signing_keys.checkpoint();
                unit.signing_keys.expect_list().returning(|| Err(outage()));
            },
            |unit| {
                unit.signing_keys.checkpoint();
                unit.signing_keys.expect_list().returning(|| Ok(keys()));
                unit.signing_keys.expect_update().returning(|_| Err(outage()));
            },
            |unit| unit.written.refuse_events(),
            |unit| unit.fail_commit = true,
        ];
        for fail in broken {
            let mut mocks = Mocks::default();
            let mut unit = Stored::default().stage(keys());
            fail(&mut unit);
            let written = mocks.stage(unit);
            let use_case = RetireKey::new(&mocks.into_dependencies());
            let command = RetireKeyCommand { kid: "honoured".to_owned() };
            let error = use_case.execute(&origin(), command).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Unavailable);
            assert!(!written.committed());
        }
    }
}
