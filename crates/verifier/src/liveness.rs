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
/// How soon the service is asked again after it could not be: requests do not pile up while it hangs.
const AGAIN_AFTER_FAILURE: Duration = Duration::from_secs(2);

pub(crate) struct Liveness {
    issuer: Arc<dyn Issuer>,
    /// By digest: tokens do not lie about in memory.
    accepted: Cache<[u8; 32], bool>,
    failed: Mutex<Option<(Instant, Unreachable)>>,
}

impl Liveness {
    pub(crate) fn new(issuer: Arc<dyn Issuer>, remembered: Duration) -> Self {
        let accepted = Cache::builder().max_capacity(TOKENS).time_to_live(remembered).build();
        Self { issuer, accepted, failed: Mutex::default() }
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
        if let Some((at, error)) = &*self.failed.lock().unwrap_or_else(PoisonError::into_inner)
            && at.elapsed() < AGAIN_AFTER_FAILURE
        {
            return Err(error.clone());
        }
        let accepts = self.issuer.accepts(token).await;
        let failed = accepts.as_ref().err().map(|error| (Instant::now(), error.clone()));
        let before = std::mem::replace(&mut *self.failed.lock().unwrap_or_else(PoisonError::into_inner), failed);
        if let (Err(error), None) = (&accepts, before) {
            tracing::warn!(%error, "whether sessions still live cannot be asked");
        }
        accepts
    }
}
