//! The cache of a single node, in the process.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use countersign_application::ports::snapshot_cache::{ENTRY_LIFETIME, Lookup, SnapshotCache, Unconfirmed, Version};
use quick_cache::unsync::Cache;

/// Versions are never used twice in the life of the process: a slot that was evicted and made anew is another one.
static VERSIONS: AtomicU64 = AtomicU64::new(1);
/// Threads that ask for different keys seldom wait for each other.
const SHARDS: usize = 16;

/// Copies in the process. Every change of a key is one step under the lock of its shard.
pub struct MemorySnapshotCache<K, V> {
    shards: [Mutex<Shard<K, V>>; SHARDS],
    hasher: RandomState,
    lifetime: Duration,
}

type Shard<K, V> = Cache<K, Slot<V>>;

/// What is known of a key. A lookup that misses leaves an empty slot behind, for its fill to find; a fill that finds
/// none, or one of another version, comes too late.
struct Slot<V> {
    version: Version,
    /// A lifetime after its version was read, not after it was filled in: then the database was asked.
    until: Instant,
    state: State<V>,
}

enum State<V> {
    Empty,
    Filled(V),
    Fenced,
}

impl<K, V> MemorySnapshotCache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Keeps at most so many entries, in whole shards; those that are asked for least go first.
    pub fn new(capacity: usize) -> Self {
        Self::with_lifetime(capacity, ENTRY_LIFETIME.unsigned_abs())
    }

    fn with_lifetime(capacity: usize, lifetime: Duration) -> Self {
        let shard = |_| Mutex::new(Cache::new(capacity.div_ceil(SHARDS)));
        Self { shards: std::array::from_fn(shard), hasher: RandomState::new(), lifetime }
    }

    /// Entries at the moment, with those that have expired since and were not asked for again; a gauge.
    pub fn entries(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, Shard<K, V>> {
        let [first, ..] = self.hasher.hash_one(key).to_ne_bytes();
        lock(&self.shards[usize::from(first) % SHARDS])
    }

    fn slot(&self, state: State<V>) -> Slot<V> {
        let version = Version(VERSIONS.fetch_add(1, Ordering::Relaxed));
        Slot { version, until: Instant::now() + self.lifetime, state }
    }
}

fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<V> Slot<V> {
    fn counts(&self) -> bool {
        Instant::now() < self.until
    }
}

impl<V: Clone> From<&Slot<V>> for Lookup<V> {
    fn from(slot: &Slot<V>) -> Self {
        match &slot.state {
            State::Filled(value) => Self::Hit(value.clone()),
            State::Empty => Self::Miss(Some(slot.version)),
            State::Fenced => Self::Miss(None),
        }
    }
}

#[async_trait]
impl<K, V> SnapshotCache<K, V> for MemorySnapshotCache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    async fn read(&self, key: &K) -> Lookup<V> {
        let mut shard = self.shard(key);
        if let Some(slot) = shard.get(key).filter(|slot| slot.counts()) {
            return slot.into();
        }
        let slot = self.slot(State::Empty);
        let lookup = Lookup::from(&slot);
        shard.insert(key.clone(), slot);
        lookup
    }

    async fn fill(&self, key: &K, version: Version, value: V) {
        let mut shard = self.shard(key);
        let slot = shard.get(key).filter(|slot| slot.counts() && slot.version == version);
        if let Some(&Slot { version, until, state: State::Empty }) = slot {
            shard.insert(key.clone(), Slot { version, until, state: State::Filled(value) });
        }
    }

    async fn fence(&self, key: &K) -> Result<(), Unconfirmed> {
        self.shard(key).insert(key.clone(), self.slot(State::Fenced));
        Ok(())
    }

    async fn lift(&self, key: &K) -> Result<(), Unconfirmed> {
        // A new version also where the fence was evicted or has expired: what was read before counts no more.
        self.shard(key).insert(key.clone(), self.slot(State::Empty));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(capacity: usize, lifetime: Duration) -> MemorySnapshotCache<u32, u32> {
        MemorySnapshotCache::with_lifetime(capacity, lifetime)
    }

    async fn version(cache: &MemorySnapshotCache<u32, u32>, key: u32) -> Version {
        match cache.read(&key).await {
            Lookup::Miss(Some(version)) => version,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_fill_into_a_slot_that_was_evicted_and_made_anew_is_refused() {
        let cache = cache(100, Duration::from_mins(1));
        let before = version(&cache, 1).await;
        cache.shard(&1).remove(&1);
        cache.fill(&1, before, 7).await;
        let after = version(&cache, 1).await;
        assert_ne!(after, before);
        cache.fill(&1, before, 7).await;
        assert_eq!(cache.read(&1).await, Lookup::Miss(Some(after)));
    }

    #[tokio::test]
    async fn nothing_outlives_the_lifetime_and_a_fence_ends_by_itself() {
        let cache = cache(100, Duration::from_millis(1));
        let deadline = Instant::now() + Duration::from_secs(10);
        cache.fence(&1).await.unwrap();
        while cache.read(&1).await == Lookup::Miss(None) {
            assert!(Instant::now() < deadline, "the fence stays");
        }
        cache.fill(&2, version(&cache, 2).await, 7).await;
        while cache.read(&2).await == Lookup::Hit(7) {
            assert!(Instant::now() < deadline, "the entry stays");
        }
    }

    #[tokio::test]
    async fn a_fill_does_not_lengthen_a_life() {
        let cache = cache(100, Duration::from_mins(1));
        let version = version(&cache, 1).await;
        let until = cache.shard(&1).get(&1).unwrap().until;
        cache.fill(&1, version, 7).await;
        assert_eq!(cache.read(&1).await, Lookup::Hit(7));
        assert_eq!(cache.shard(&1).get(&1).unwrap().until, until);
        cache.lift(&1).await.unwrap();
        assert!(cache.shard(&1).get(&1).unwrap().until > until);
    }

    #[tokio::test]
    async fn the_number_of_entries_is_bounded() {
        let cache = cache(112, Duration::from_mins(1));
        for key in 0..10_000 {
            cache.fill(&key, version(&cache, key).await, key).await;
        }
        assert!((80..=112).contains(&cache.entries()), "{}", cache.entries());
        assert_eq!(cache.read(&9_999).await, Lookup::Hit(9_999), "the newest stays");
    }
}
