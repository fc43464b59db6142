//! Lists the signing keys and what each is at the moment.

use std::sync::Arc;

use countersign_domain::signing_key::{self, KeyState, SigningKey};

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::policy::Policy;
use crate::ports::clock::Clock;
use crate::ports::signing_keys::SigningKeyRepository;

/// A key and what it is at the moment.
#[derive(Clone, Debug)]
pub struct KeyListing {
    /// The key.
    pub key: SigningKey,
    /// What it is.
    pub state: KeyState,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListKeysError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListKeysError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListKeys {
    clock: Arc<dyn Clock>,
    keys: Arc<dyn SigningKeyRepository>,
    policy: Policy,
}

impl ListKeys {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            keys: Arc::clone(&dependencies.signing_keys),
            policy: dependencies.policy.clone(),
        }
    }

    /// Lists the signing keys, oldest first, and what each is at the moment.
    pub async fn execute(&self) -> Result<Vec<KeyListing>, ListKeysError> {
        let now = self.clock.now();
        let keys = self.keys.list().await?;
        let state = |key: &SigningKey| signing_key::state(key, &keys, self.policy.longest_token(), now);
        Ok(keys.iter().map(|key| KeyListing { key: key.clone(), state: state(key) }).collect())
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::error::{Classify, Kind};
    use crate::keys::fixtures::key;
    use crate::testing::{Mocks, NOW, outage};

    #[tokio::test]
    async fn a_key_is_honoured_until_its_last_token_is_beyond_every_leeway() {
        let mut mocks = Mocks::default();
        let mut old = key("old", NOW - Duration::days(9));
        old.retired_at = Some(NOW - Duration::minutes(15));
        let mut older = key("older", NOW - Duration::days(19));
        older.retired_at = Some(NOW - Duration::minutes(15) - Duration::seconds(30));
        let keys = vec![older, old, key("active", NOW - Duration::days(1))];
        mocks.signing_keys.expect_list().returning(move || Ok(keys.clone()));
        let listing = ListKeys::new(&mocks.into_dependencies()).execute().await.unwrap();
        let states: Vec<_> = listing.iter().map(|entry| (entry.key.kid.as_str(), entry.state)).collect();
        assert_eq!(states, [("older", KeyState::Refused), ("old", KeyState::Honoured), ("active", KeyState::Active)]);
    }

    #[tokio::test]
    async fn an_outage_is_no_empty_list() {
        let mut mocks = Mocks::default();
        mocks.signing_keys.expect_list().returning(|| Err(outage()));
        let error = ListKeys::new(&mocks.into_dependencies()).execute().await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }
}
