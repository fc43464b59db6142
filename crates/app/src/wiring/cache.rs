//! Caches and limits: in Redis, or in the process.

use std::hash::Hash;
use std::sync::Arc;

use anyhow::Context as _;
use countersign_application::ports::rate_limiter::RateLimiter;
use countersign_application::ports::secret_generator::SecretGenerator;
use countersign_application::ports::snapshot_cache::SnapshotCache;
use countersign_infrastructure::cache::{CacheKey, Counted, MemorySnapshotCache, RedisSnapshotCache, Stored, Uncached};
use countersign_infrastructure::rate_limit::{CountedRateLimiter, MemoryRateLimiter, RedisRateLimiter};
use countersign_infrastructure::redis::{RedisOptions, RedisPool};

use crate::settings::{DatabaseKind, StorageSettings};

/// Most entries of each cache, of a few hundred octets each; they live for seconds, so this is what is busy at once.
const ENTRIES: usize = 50_000;

/// Where what is short-lived is kept.
pub(crate) enum Shelf {
    /// In Redis, for all nodes.
    Redis(RedisPool),
    /// In the process, which has the database to itself.
    Process,
    /// Nowhere: other nodes may write to the database too, and what they revoke would be served from here for seconds.
    Nowhere,
}

/// Redis, where it is set; not asked yet.
pub(crate) fn redis(storage: &StorageSettings) -> anyhow::Result<Option<RedisPool>> {
    Ok(Shelf::of(storage)?.redis().cloned())
}

impl Shelf {
    /// By the settings. Redis is not asked yet.
    pub(crate) fn of(storage: &StorageSettings) -> anyhow::Result<Self> {
        Ok(match (&storage.redis_url, storage.database_kind()) {
            (Some(url), _) => {
                let answer = storage.redis_timeout.unsigned_abs();
                let connect = RedisOptions::default().connect.max(answer);
                Self::Redis(RedisPool::new(url.expose(), RedisOptions { answer, connect }).context("redis.url")?)
            }
            (None, DatabaseKind::Sqlite) => Self::Process,
            (None, DatabaseKind::Postgres) => Self::Nowhere,
        })
    }

    /// The cache of this name.
    pub(crate) fn cache<K, V>(
        &self,
        name: &'static str,
        secrets: &Arc<dyn SecretGenerator>,
    ) -> Arc<dyn SnapshotCache<K, V>>
    where
        K: CacheKey + Hash + Eq + Clone + Send + Sync + 'static,
        V: Stored + Clone + Send + Sync + 'static,
    {
        match self {
            Self::Redis(redis) => {
                let cache = RedisSnapshotCache::new(redis.clone(), name, Arc::clone(secrets));
                Arc::new(Counted::new(cache, name))
            }
            Self::Process => Arc::new(Counted::new(MemorySnapshotCache::new(ENTRIES), name)),
            Self::Nowhere => Arc::new(Uncached),
        }
    }

    /// The limiter.
    pub(crate) fn rate_limiter(&self) -> Arc<dyn RateLimiter> {
        match self.redis() {
            Some(redis) => Arc::new(CountedRateLimiter(RedisRateLimiter::new(redis.clone()))),
            None => Arc::new(CountedRateLimiter(MemoryRateLimiter::default())),
        }
    }

    /// Redis, if that is where.
    pub(crate) const fn redis(&self) -> Option<&RedisPool> {
        match self {
            Self::Redis(redis) => Some(redis),
            Self::Process | Self::Nowhere => None,
        }
    }
}
