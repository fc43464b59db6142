//! How often a cache has what it is asked for.

use async_trait::async_trait;
use countersign_application::ports::snapshot_cache::{Lookup, SnapshotCache, Unconfirmed, Version};
use metrics::{Counter, counter};

/// Counts the hits and misses of a cache.
pub struct Counted<C> {
    cache: C,
    hits: Counter,
    misses: Counter,
}

impl<C> Counted<C> {
    /// Under this name.
    pub fn new(cache: C, name: &'static str) -> Self {
        let requests = |outcome| counter!("countersign_cache_requests_total", "cache" => name, "outcome" => outcome);
        Self { cache, hits: requests("hit"), misses: requests("miss") }
    }
}

#[async_trait]
impl<K, V, C> SnapshotCache<K, V> for Counted<C>
where
    K: Send + Sync + 'static,
    V: Send + Sync + 'static,
    C: SnapshotCache<K, V>,
{
    async fn read(&self, key: &K) -> Lookup<V> {
        let lookup = self.cache.read(key).await;
        let counter = if matches!(lookup, Lookup::Hit(_)) { &self.hits } else { &self.misses };
        counter.increment(1);
        lookup
    }

    async fn fill(&self, key: &K, version: Version, value: V) {
        self.cache.fill(key, version, value).await;
    }

    async fn fence(&self, key: &K) -> Result<(), Unconfirmed> {
        self.cache.fence(key).await
    }

    async fn lift(&self, key: &K) -> Result<(), Unconfirmed> {
        self.cache.lift(key).await
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;
    use crate::cache::MemorySnapshotCache;

    #[tokio::test]
    async fn hits_and_misses_are_counted_and_the_cache_works_as_ever() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let guard = metrics::set_default_local_recorder(&recorder);
        let cache = Counted::new(MemorySnapshotCache::<u8, u8>::new(10), "account");
        drop(guard);
        let Lookup::Miss(Some(version)) = cache.read(&1).await else { panic!("nothing was filled in yet") };
        cache.fill(&1, version, 7).await;
        assert_eq!(cache.read(&1).await, Lookup::Hit(7));
        cache.fence(&1).await.unwrap();
        assert_eq!(cache.read(&1).await, Lookup::Miss(None));
        cache.lift(&1).await.unwrap();
        assert!(matches!(cache.read(&1).await, Lookup::Miss(Some(_))));
        let page = recorder.handle().render();
        for told in [r#"{cache="account",outcome="hit"} 1"#, r#"{cache="account",outcome="miss"} 3"#] {
            assert!(page.contains(&format!("countersign_cache_requests_total{told}")), "{page}");
        }
    }
}
