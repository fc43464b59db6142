//! The public keys that verifiers may meet: announced, active and honoured, as JWKs (RFC 7517).

use std::sync::Arc;

use countersign_domain::signing_key::{self, KeyState};

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::policy::Policy;
use crate::ports::access_tokens::AccessTokens;
use crate::ports::clock::Clock;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum PublishKeysError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { PublishKeysError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct PublishKeys {
    clock: Arc<dyn Clock>,
    access_tokens: Arc<dyn AccessTokens>,
    policy: Policy,
}

impl PublishKeys {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            access_tokens: Arc::clone(&dependencies.access_tokens),
            policy: dependencies.policy.clone(),
        }
    }

    /// The public keys that verifiers may meet: announced, active and honoured, as JWKs (RFC 7517). Anybody may ask, as
    /// often as they like: the keys are at hand, and the database is not asked.
    pub async fn execute(&self) -> Result<Vec<String>, PublishKeysError> {
        let now = self.clock.now();
        let keys = self.access_tokens.known_keys().await?;
        let longest = self.policy.longest_token();
        let met = keys.iter().filter(|key| signing_key::state(key, &keys, longest, now) != KeyState::Refused);
        Ok(met.map(|key| key.public_jwk.clone()).collect())
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
    async fn all_but_refused_keys_are_published() {
        let mut mocks = Mocks::default();
        let mut refused = key("refused", NOW - Duration::days(9));
        refused.refused_at = Some(NOW);
        let mut honoured = key("honoured", NOW - Duration::days(8));
        honoured.retired_at = Some(NOW - Duration::minutes(1));
        let active = key("active", NOW - Duration::days(1));
        let announced = key("announced", NOW + Duration::minutes(5));
        let keys = vec![refused, honoured, active, announced];
        mocks.access_tokens.expect_known_keys().returning(move || Ok(keys.clone()));
        let published = PublishKeys::new(&mocks.into_dependencies()).execute().await.unwrap();
        assert_eq!(published, ["honoured-jwk", "active-jwk", "announced-jwk"]);
    }

    #[tokio::test]
    async fn an_outage_is_no_empty_list() {
        let mut mocks = Mocks::default();
        mocks.access_tokens.expect_known_keys().returning(|| Err(outage()));
        let error = PublishKeys::new(&mocks.into_dependencies()).execute().await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }
}
