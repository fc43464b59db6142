//! Access tokens whose signature was verified before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::digest;
use quick_cache::sync::Cache;
use time::OffsetDateTime;

use crate::security::tokens::key_ring::LEEWAY;
use crate::security::tokens::presented::Judged;

/// About 4 MiB when full.
const MOST: usize = 16 * 1024;
/// After so many new ones, those go that have expired and were not asked for again.
const SWEEP: usize = 1024;

/// What was found genuine, by a digest of all octets of the token: another token, however alike, is another entry, and
/// nobody without a token that this service signed can make one. Only the arithmetic of the signature is spared: times,
/// key, session and account are asked at every use.
pub(crate) struct RememberedTokens {
    entries: Cache<Digest, Arc<Genuine>>,
    taken_down: AtomicUsize,
}

/// SHA-256 of a token.
pub(crate) type Digest = [u8; digest::SHA256_OUTPUT_LEN];

/// A token that was signed by this key and says this.
pub(crate) struct Genuine {
    pub(crate) kid: String,
    pub(crate) says: Judged,
}

impl RememberedTokens {
    /// Remembers nothing yet, and takes no memory for it.
    pub(crate) fn new() -> Self {
        Self { entries: Cache::new(MOST), taken_down: AtomicUsize::new(0) }
    }

    /// The name of a token in here.
    pub(crate) fn digest(token: &str) -> Digest {
        let mut octets = Digest::default();
        octets.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        octets
    }

    /// What was found before.
    pub(crate) fn find(&self, token: &Digest) -> Option<Arc<Genuine>> {
        self.entries.get(token)
    }

    /// Takes down a token that was verified with this key at this moment.
    pub(crate) fn remember(&self, token: Digest, kid: String, says: Judged, now: OffsetDateTime) {
        self.entries.insert(token, Arc::new(Genuine { kid, says }));
        if self.taken_down.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.entries.retain(|_, genuine| now < genuine.says.expires_at.saturating_add(LEEWAY));
        }
    }

    /// A token that has expired, or whose key is honoured no longer.
    pub(crate) fn forget(&self, token: &Digest) {
        self.entries.remove(token);
    }
}

#[cfg(test)]
impl RememberedTokens {
    pub(crate) fn count(&self) -> usize {
        self.entries.len()
    }
}
