//! The cache.

use std::hash::Hash;
use std::sync::Arc;

use countersign_application::ports::snapshot_cache::SnapshotCache;
use countersign_infrastructure::cache::{Counted, MemorySnapshotCache, Uncached};

use crate::settings::DatabaseKind;

/// Most entries of each cache, of a few hundred octets each; they live for seconds, so this is what is busy at once.
const ENTRIES: u64 = 50_000;

/// The cache of this name: in the process where the process has the database to itself; none where other nodes may write to it too, for what
/// they revoke would be served from here for seconds.
pub(crate) fn cache<K, V>(database: DatabaseKind, name: &'static str) -> Arc<dyn SnapshotCache<K, V>>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    match database {
        DatabaseKind::Sqlite => Arc::new(Counted::new(MemorySnapshotCache::new(ENTRIES), name)),
        DatabaseKind::Postgres => Arc::new(Uncached),
    }
}
