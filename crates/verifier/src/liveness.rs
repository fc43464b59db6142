//! Whether a session still lives, as the service said a moment ago.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::future::Cache;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::error::VerifyError;
use crate::issuer::{Issuer, Unreachable};

/// So many tokens are remembered at most.
const TOKENS: u64 = 100_000;
/// How soon the service is asked again after it could not be, then by one request at a time: they do not pile up while it
/// hangs.
const AGAIN_AFTER_FAILURE: Duration = Duration::from_secs(2);

pub(crate) struct Liveness {
    issuer: Arc<dyn Issuer>,
    /// By digest: tokens do not lie about in memory.
    accepted: Cache<[u8; 32], bool>,
    failed: Mutex<Option<(Instant, Unreachable)>>,
    /// Whoever has it tries whether the service can be asked again.
    trying: tokio::sync::Mutex<()>,
}

impl Liveness {
    pub(crate) fn new(issuer: Arc<dyn Issuer>, remembered: Duration) -> Self {
        let accepted = Cache::builder().max_capacity(TOKENS).time_to_live(remembered).build();
        Self { issuer, accepted, failed: Mutex::default(), trying: tokio::sync::Mutex::default() }
    }

    /// Asks once for however many requests that bear the token now.
    pub(crate) async fn check(&self, token: &str) -> Result<(), VerifyError> {
        let digest = Sha256::digest(token.as_bytes()).into();
        match self.accepted.try_get_with(digest, self.ask(token)).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(VerifyError::Revoked),
            Err(error) => Err(VerifyError::Unavailable((*error).clone())),
        }
    }

    async fn ask(&self, token: &str) -> Result<bool, Unreachable> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let _turn = match failed {
            None => None,
            Some((at, error)) => {
                let turn = self.trying.try_lock().ok().filter(|_| at.elapsed() >= AGAIN_AFTER_FAILURE);
                Some(turn.ok_or(error)?)
            }
        };
        let accepts = self.issuer.accepts(token).await;
        match &accepts {
            Ok(_) => drop(self.note(None)),
            Err(error) if error.concerns_all() => {
                if self.note(Some((Instant::now(), error.clone()))).is_none() {
                    tracing::warn!(%error, "whether sessions still live cannot be asked");
                }
            }
            Err(error) => tracing::warn!(%error, "whether one session still lives cannot be asked"),
        }
        accepts
    }

    /// How the service failed, if it did; what was noted before.
    fn note(&self, failed: Option<(Instant, Unreachable)>) -> Option<(Instant, Unreachable)> {
        std::mem::replace(&mut *self.failed.lock().unwrap_or_else(PoisonError::into_inner), failed)
    }
}
