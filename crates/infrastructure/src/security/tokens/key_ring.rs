//! The signing keys of the database, opened and at hand.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration as Pause, Instant};

use countersign_application::error::Fault;
use countersign_application::ports::clock::Clock as _;
use countersign_application::ports::signing_keys::SigningKeyRepository;
use countersign_domain::signing_key::{SigningKey, active_key};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use crate::security::secret_key::SecretKeyRing;
use crate::security::tokens::factory;
use crate::security::tokens::key_pair::KeyPair;
use crate::system::SystemClock;

/// How far apart the clocks of two nodes may be.
pub(crate) const LEEWAY: Duration = Duration::seconds(30);

/// Holds what the database said last. [`Self::poll`] keeps it fresh, so that a rotation is in force on every node
/// within [`Self::BELIEVED_FOR`] at most; a token of a key that is not known yet makes it look at once, at most every
/// second.
pub struct KeyRing {
    repository: Arc<dyn SigningKeyRepository>,
    secret_keys: Arc<SecretKeyRing>,
    longest_token: Duration,
    known: RwLock<Arc<Known>>,
    /// When it was read last; held while it is being read, so that an older answer never replaces a newer one.
    read_at: Mutex<Option<Instant>>,
    failing: AtomicBool,
    pause: Pause,
}

#[derive(Default)]
struct Known {
    /// When the reading began: what was written later may be missing.
    as_of: Option<Instant>,
    keys: Vec<SigningKey>,
    pairs: HashMap<String, Arc<KeyPair>>,
}

impl KeyRing {
    /// How often [`Self::poll`] reads the keys.
    pub const POLLED_EVERY: Pause = Pause::from_secs(1);

    /// What was read longer ago verifies nothing. `keys rotate --now` waits until it has passed, for a node that could
    /// not read meanwhile must not accept what was refused.
    pub const BELIEVED_FOR: Pause = Pause::from_secs(5);

    /// Knows no key before the first [`Self::refresh`] or [`Self::hold`]. `longest_token` is the lifetime of an access token.
    pub fn new(
        repository: Arc<dyn SigningKeyRepository>,
        secret_keys: Arc<SecretKeyRing>,
        longest_token: Duration,
    ) -> Self {
        Self {
            repository,
            secret_keys,
            longest_token,
            known: RwLock::default(),
            read_at: Mutex::default(),
            failing: AtomicBool::new(false),
            pause: Pause::from_secs(1),
        }
    }

    /// Reads the keys anew. If that fails, those that were known last stay, and verify tokens for
    /// [`Self::BELIEVED_FOR`] altogether.
    pub async fn refresh(&self) -> Result<(), Fault> {
        let mut read_at = self.read_at.lock().await;
        let outcome = self.read().await;
        *read_at = Some(Instant::now());
        outcome
    }

    /// Takes these for what the database held at that moment, or a later one: whoever has just read or written them
    /// spares the reading.
    pub async fn hold(&self, keys: Vec<SigningKey>, as_of: Instant) {
        let mut read_at = self.read_at.lock().await;
        self.take(keys, as_of);
        *read_at = Some(Instant::now());
    }

    /// Refreshes for ever. A failure is logged once, and its end too.
    pub async fn poll(&self) {
        loop {
            tokio::time::sleep(Self::POLLED_EVERY).await;
            // Logged where it is noticed.
            drop(self.refresh().await);
        }
    }

    /// Whether a key signs now and its private half can be opened: what must hold before the service starts.
    pub fn check(&self, now: OffsetDateTime) -> Result<(), Fault> {
        self.signing_pair(now).map(drop)
    }

    /// Every key as it was read last; the first time, it is read.
    pub(crate) async fn keys(&self) -> Result<Vec<SigningKey>, Fault> {
        if self.known().keys.is_empty() {
            self.refresh_unless_fresh().await?;
        }
        Ok(self.known().keys.clone())
    }

    /// The key that signs at this moment.
    pub(crate) async fn signing_key(&self, now: OffsetDateTime) -> Result<Arc<KeyPair>, Fault> {
        if let Ok(pair) = self.signing_pair(now) {
            return Ok(pair);
        }
        self.refresh_unless_fresh().await?;
        self.signing_pair(now)
    }

    /// The key that verifies tokens of this `kid` at this moment. `None`: there is none, or it is refused. A fault where
    /// nothing is known that is recent enough to say so.
    pub(crate) async fn verifying_key(&self, kid: &str, now: OffsetDateTime) -> Result<Option<Arc<KeyPair>>, Fault> {
        let mut known = self.known();
        if !known.is_recent() || !known.keys.iter().any(|key| key.kid == kid) {
            self.refresh_unless_fresh().await?;
            known = self.known();
        }
        // Reading them may have taken as long.
        if !known.is_recent() {
            return Err(Fault::unavailable("signing keys", "what was read of them is too old"));
        }
        let honoured = known
            .keys
            .iter()
            .any(|key| key.kid == kid && key.is_honoured(self.longest_token, now) && key.active_from <= now + LEEWAY);
        Ok(known.pairs.get(kid).filter(|_| honoured).map(Arc::clone))
    }

    fn signing_pair(&self, now: OffsetDateTime) -> Result<Arc<KeyPair>, Fault> {
        let known = self.known();
        let active = |now| active_key(&known.keys, self.longest_token, now);
        // Of a new database the first key begins by the clock of the node that made it, which may be fast.
        let key = active(now)
            .or_else(|| active(now + LEEWAY))
            .ok_or_else(|| Fault::unavailable("signing keys", "no key signs at this moment"))?;
        known.pairs.get(&key.kid).map(Arc::clone).ok_or_else(|| {
            Fault::internal("signing keys", "the secret key does not open the key that signs at this moment")
        })
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn refresh_unless_fresh(&self) -> Result<(), Fault> {
        let mut read_at = self.read_at.lock().await;
        if read_at.is_none_or(|at| at.elapsed() >= self.pause) {
            let outcome = self.read().await;
            *read_at = Some(Instant::now());
            return outcome;
        }
        if self.failing.load(Ordering::Relaxed) {
            return Err(Fault::unavailable("signing keys", "they could not be read a moment ago"));
        }
        Ok(())
    }

    async fn read(&self) -> Result<(), Fault> {
        let began = Instant::now();
        let keys = match self.repository.list().await {
            Ok(keys) => keys,
            Err(fault) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    tracing::error!(
                        error = &fault as &dyn std::error::Error,
                        "signing keys cannot be read; those known last verify tokens for 5 s, then none is accepted"
                    );
                }
                return Err(fault);
            }
        };
        self.take(keys, began);
        if self.failing.swap(false, Ordering::Relaxed) {
            tracing::info!("signing keys can be read again");
        }
        Ok(())
    }

    fn take(&self, keys: Vec<SigningKey>, as_of: Instant) {
        let before = self.known();
        let pairs = keys.iter().filter_map(|key| Some((key.kid.clone(), self.pair(key, &before)?))).collect();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) =
            Arc::new(Known { as_of: Some(as_of), keys, pairs });
    }

    /// Opened once; a key that is known already is only looked up, also when another node has sealed it with a secret
    /// key that this one does not have yet: its id is the thumbprint of what was opened.
    fn pair(&self, key: &SigningKey, before: &Known) -> Option<Arc<KeyPair>> {
        if let Some(pair) = before.pairs.get(&key.kid) {
            return Some(Arc::clone(pair));
        }
        let is_known_not_to_open =
            before.keys.iter().any(|old| old.kid == key.kid && old.sealed_private == key.sealed_private);
        if is_known_not_to_open {
            return None;
        }
        match factory::open(&self.secret_keys, key) {
            Ok(pair) => Some(Arc::new(pair)),
            Err(fault) => {
                // Nobody misses one that is refused anyway, as those of a former secret key that was replaced.
                if key.is_honoured(self.longest_token, SystemClock.now()) {
                    let error = &fault as &dyn std::error::Error;
                    tracing::error!(error, kid = key.kid, "a signing key cannot be opened; its tokens are refused");
                }
                None
            }
        }
    }
}

impl Known {
    fn is_recent(&self) -> bool {
        self.as_of.is_some_and(|at| at.elapsed() < KeyRing::BELIEVED_FOR)
    }
}

#[cfg(test)]
impl KeyRing {
    /// As if so much more time had passed since the keys were read.
    pub(crate) async fn age(&self, by: Pause) {
        let mut read_at = self.read_at.lock().await;
        *read_at = read_at.and_then(|at| at.checked_sub(by));
        let known = self.known();
        let as_of = known.as_of.and_then(|at| at.checked_sub(by));
        let aged = Known { as_of, keys: known.keys.clone(), pairs: known.pairs.clone() };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(aged);
    }
}
