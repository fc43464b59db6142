//! Caches of small rows. Never the truth: see the port.

mod counted;
mod memory;
mod redis;
mod uncached;

pub use crate::cache::counted::Counted;
pub use crate::cache::memory::MemorySnapshotCache;
pub use crate::cache::redis::{CacheKey, RedisSnapshotCache, Stored};
pub use crate::cache::uncached::Uncached;
