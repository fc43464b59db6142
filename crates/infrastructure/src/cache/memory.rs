//! The cache of a single node, in the process.

use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use countersign_application::ports::snapshot_cache::{ENTRY_LIFETIME, Lookup, SnapshotCache, Unconfirmed, Version};
use moka::ops::compute::{CompResult, Op};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use moka::{Entry, Expiry};

/// Versions are never used twice in the life of the process: a slot that was evicted and made anew is another one.
static VERSIONS: AtomicU64 = AtomicU64::new(1);

/// Copies in the process, on moka. Every change of a key is one atomic step on its slot.
pub struct MemorySnapshotCache<K, V> {
    slots: Cache<K, Slot<V>>,
}

/// What is known of a key. A lookup that misses leaves an empty slot behind, for its fill to find; a fill that finds
/// none, or one of another version, comes too late.
#[derive(Clone)]
struct Slot<V> {
    version: Version,
    state: State<V>,
}

#[derive(Clone)]
enum State<V> {
    Empty,
    Filled(V),
    Fenced,
}

impl<V> Slot<V> {
    fn new(state: State<V>) -> Self {
        Self { version: Version(VERSIONS.fetch_add(1, Ordering::Relaxed)), state }
    }
}

/// A copy expires a lifetime after its version was read, not after it was filled in: then the database was asked.
struct FromVersion(Duration);

impl<K, V> Expiry<K, Slot<V>> for FromVersion {
    fn expire_after_create(&self, _: &K, _: &Slot<V>, _: Instant) -> Option<Duration> {
        Some(self.0)
    }

    fn expire_after_update(&self, _: &K, slot: &Slot<V>, _: Instant, left: Option<Duration>) -> Option<Duration> {
        if matches!(slot.state, State::Filled(_)) { left } else { Some(self.0) }
    }
}

impl<K, V> MemorySnapshotCache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Keeps at most about this many entries; those used longest ago go first.
    pub fn new(capacity: u64) -> Self {
        Self::with_lifetime(capacity, ENTRY_LIFETIME.unsigned_abs())
    }

    fn with_lifetime(capacity: u64, lifetime: Duration) -> Self {
        let slots = Cache::builder()
            .max_capacity(capacity)
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(FromVersion(lifetime))
            .build();
        Self { slots }
    }

    /// Entries at the moment, about; a gauge.
    pub fn entries(&self) -> u64 {
        self.slots.entry_count()
    }

    /// One step on a key. Only steps of this kind wait for each other; moka's plain `insert` would not.
    fn step(&self, key: &K, change: impl FnOnce(Option<Slot<V>>) -> Op<Slot<V>>) -> Option<Slot<V>> {
        match self.slots.entry_by_ref(key).and_compute_with(|entry| change(entry.map(Entry::into_value))) {
            CompResult::Inserted(entry) | CompResult::ReplacedWith(entry) | CompResult::Unchanged(entry) => {
                Some(entry.into_value())
            }
            CompResult::Removed(_) | CompResult::StillNone(_) => None,
        }
    }
}

impl<V> From<Slot<V>> for Lookup<V> {
    fn from(slot: Slot<V>) -> Self {
        match slot.state {
            State::Filled(value) => Self::Hit(value),
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
        let slot = self
            .slots
            .get(key)
            .or_else(|| self.step(key, |slot| if slot.is_some() { Op::Nop } else { Op::Put(Slot::new(State::Empty)) }));
        slot.map_or(Lookup::Miss(None), Lookup::from)
    }

    async fn fill(&self, key: &K, version: Version, value: V) {
        self.step(key, |slot| match slot {
            Some(Slot { version: current, state: State::Empty }) if current == version => {
                Op::Put(Slot { version, state: State::Filled(value) })
            }
            _ => Op::Nop,
        });
    }

    async fn fence(&self, key: &K) -> Result<(), Unconfirmed> {
        self.step(key, |_| Op::Put(Slot::new(State::Fenced)));
        Ok(())
    }

    async fn lift(&self, key: &K) -> Result<(), Unconfirmed> {
        // A new version also where the fence was evicted or has expired: what was read before counts no more.
        self.step(key, |_| Op::Put(Slot::new(State::Empty)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(capacity: u64, lifetime: Duration) -> MemorySnapshotCache<u32, u32> {
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
        cache.slots.invalidate(&1);
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

    #[test]
    fn a_fill_does_not_lengthen_a_life() {
        let policy = FromVersion(Duration::from_secs(5));
        let left = Some(Duration::from_secs(2));
        let now = Instant::now();
        assert_eq!(policy.expire_after_update(&1, &Slot::new(State::Filled(7)), now, left), left);
        let whole = Some(Duration::from_secs(5));
        assert_eq!(policy.expire_after_update(&1, &Slot::<u32>::new(State::Fenced), now, left), whole);
        assert_eq!(policy.expire_after_update(&1, &Slot::<u32>::new(State::Empty), now, left), whole);
    }

    #[tokio::test]
    async fn the_number_of_entries_is_bounded() {
        let cache = cache(100, Duration::from_mins(1));
        for key in 0..10_000 {
            cache.fill(&key, version(&cache, key).await, key).await;
        }
        cache.slots.run_pending_tasks();
        assert!(cache.entries() <= 100, "{}", cache.entries());
        assert_eq!(cache.read(&9_999).await, Lookup::Hit(9_999), "the newest stays");
    }
}
