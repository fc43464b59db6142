//! The keys of the service, fetched when they are needed and kept for a while.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;

use crate::error::VerifyError;
use crate::issuer::{Issuer, Unreachable};
use crate::key::Key;

/// `max-age` of the key set. A new key stands in it for ten minutes before it signs.
const FRESH: Duration = Duration::from_mins(5);
/// How soon it is fetched again for a key that it had not, whoever presents what.
const AGAIN_FOR_UNKNOWN: Duration = Duration::from_secs(10);
/// As that, but once in that time: a key may begin to sign just after the set was fetched.
const ONCE_SOONER: Duration = Duration::from_secs(1);
/// How soon it is fetched again after it could not be had.
const AGAIN_AFTER_FAILURE: Duration = Duration::from_secs(2);
/// How long known keys are honoured while it cannot be had, unless told otherwise.
const TOLERANCE: Duration = Duration::from_hours(1);

pub(crate) struct KeySet {
    tolerance: Duration,
    shared: Arc<Shared>,
}

/// What a fetch goes on with when the request that began it is gone.
struct Shared {
    issuer: Arc<dyn Issuer>,
    held: RwLock<Arc<Held>>,
    /// Whoever has it fetches.
    fetching: Arc<Mutex<()>>,
}

/// What was fetched last, and how the last try went.
#[derive(Clone, Default)]
struct Held {
    keys: HashMap<String, Arc<Key>>,
    fetched_at: Option<Instant>,
    /// When it was last fetched sooner than [`AGAIN_FOR_UNKNOWN`] after the time before.
    sooner_at: Option<Instant>,
    failed: Option<(Instant, Unreachable)>,
}

#[derive(Deserialize)]
struct Fetched {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    pub(crate) fn new(issuer: Arc<dyn Issuer>) -> Self {
        let shared = Shared { issuer, held: RwLock::default(), fetching: Arc::default() };
        Self { tolerance: TOLERANCE, shared: Arc::new(shared) }
    }

    pub(crate) fn with_tolerance(self, tolerance: Duration) -> Self {
        Self { tolerance, ..self }
    }

    /// The key of this name.
    pub(crate) async fn key(&self, kid: &str) -> Result<Arc<Key>, VerifyError> {
        let held = self.shared.held();
        if let Some(answer) = held.answer(kid) {
            return answer;
        }
        let Some(turn) = self.turn(&held, kid).await else {
            return held.known(kid, self.tolerance);
        };
        let held = self.shared.held();
        if let Some(answer) = held.answer(kid) {
            // Whoever had the turn before has fetched it.
            return answer;
        }
        if held.failed_within(AGAIN_AFTER_FAILURE) {
            return held.known(kid, self.tolerance);
        }
        // To its end, or clients that leave at once would have it begun over and over.
        let shared = self.shared.clone();
        let fetched = tokio::spawn(async move {
            let _turn = turn;
            shared.fetch().await
        });
        let held = fetched.await.map_err(|error| VerifyError::Unavailable(Unreachable::because(error)))?;
        held.known(kid, self.tolerance)
    }

    /// The turn to fetch. `None` where somebody else has it and a key at hand will do meanwhile: an issuer that hangs keeps
    /// one request waiting at a time, not all.
    async fn turn(&self, held: &Held, kid: &str) -> Option<OwnedMutexGuard<()>> {
        let fetching = self.shared.fetching.clone();
        if held.known(kid, self.tolerance).is_ok() {
            fetching.try_lock_owned().ok()
        } else {
            Some(fetching.lock_owned().await)
        }
    }
}

impl Shared {
    async fn fetch(&self) -> Arc<Held> {
        let fetched = self.issuer.key_set().await.and_then(|json| read(&json));
        let (before, now) = (self.held(), Instant::now());
        let held = match fetched {
            Ok(keys) => {
                let is_sooner = before.fetched_at.is_some_and(|at| at.elapsed() < AGAIN_FOR_UNKNOWN);
                let sooner_at = if is_sooner { Some(now) } else { before.sooner_at };
                Held { keys, fetched_at: Some(now), sooner_at, failed: None }
            }
            Err(error) => {
                if before.failed.is_none() {
                    tracing::warn!(%error, "the keys of access tokens cannot be fetched; known ones are honoured for a while");
                }
                Held { failed: Some((now, error)), ..(*before).clone() }
            }
        };
        let held = Arc::new(held);
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = held.clone();
        held
    }

    fn held(&self) -> Arc<Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Held {
    /// What can be said without asking the service.
    fn answer(&self, kid: &str) -> Option<Result<Arc<Key>, VerifyError>> {
        let age = self.fetched_at?.elapsed();
        match self.keys.get(kid) {
            Some(key) if age < FRESH => Some(Ok(key.clone())),
            None if age < self.again_for_unknown() => Some(Err(VerifyError::Invalid)),
            _ => None,
        }
    }

    fn again_for_unknown(&self) -> Duration {
        if self.sooner_at.is_some_and(|at| at.elapsed() < AGAIN_FOR_UNKNOWN) { AGAIN_FOR_UNKNOWN } else { ONCE_SOONER }
    }

    /// What can be said once it was asked, in vain or not.
    fn known(&self, kid: &str, tolerance: Duration) -> Result<Arc<Key>, VerifyError> {
        let is_recent = self.fetched_at.is_some_and(|at| at.elapsed() < FRESH.saturating_add(tolerance));
        match (self.keys.get(kid), &self.failed) {
            (Some(key), _) if is_recent => Ok(key.clone()),
            // It may be of a key that could not be fetched.
            (_, Some((_, error))) => Err(VerifyError::Unavailable(error.clone())),
            _ => Err(VerifyError::Invalid),
        }
    }

    fn failed_within(&self, time: Duration) -> bool {
        self.failed.as_ref().is_some_and(|(at, _)| at.elapsed() < time)
    }
}

fn read(json: &[u8]) -> Result<HashMap<String, Arc<Key>>, Unreachable> {
    let fetched: Fetched =
        serde_json::from_slice(json).map_err(|_not_a_set| Unreachable::because("its key set is none"))?;
    // Keys of kinds that this version does not know are left out (RFC 7517, 5).
    let known = fetched.keys.into_iter().filter_map(|key| Key::from_jwk(&serde_json::from_value::<Jwk>(key).ok()?));
    let known: HashMap<_, _> = known.map(|(kid, key)| (kid, Arc::new(key))).collect();
    // The service always has a key that signs: whoever answers so is not it, or not in order.
    if known.is_empty() { Err(Unreachable::because("its key set has no key for access tokens")) } else { Ok(known) }
}
