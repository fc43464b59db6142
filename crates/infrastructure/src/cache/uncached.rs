//! No cache: every lookup is a miss.

use async_trait::async_trait;
use countersign_application::ports::snapshot_cache::{Lookup, SnapshotCache, Unconfirmed, Version};

/// For nodes that share a database but no cache: a copy in one process would outlive a write on another node, so
/// nothing is copied, and what was revoked anywhere is refused everywhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct Uncached;

#[async_trait]
impl<K: Send + Sync + 'static, V: Send + Sync + 'static> SnapshotCache<K, V> for Uncached {
    async fn read(&self, _key: &K) -> Lookup<V> {
        Lookup::Miss(None)
    }

    async fn fill(&self, _key: &K, _version: Version, _value: V) {}

    async fn fence(&self, _key: &K) -> Result<(), Unconfirmed> {
        Ok(())
    }

    async fn lift(&self, _key: &K) -> Result<(), Unconfirmed> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_filled_in_is_never_served() {
        let cache: &dyn SnapshotCache<u8, u8> = &Uncached;
        cache.fill(&1, Version(1), 7).await;
        assert_eq!(cache.read(&1).await, Lookup::Miss(None));
        assert_eq!((cache.fence(&1).await, cache.lift(&1).await), (Ok(()), Ok(())));
    }
}
