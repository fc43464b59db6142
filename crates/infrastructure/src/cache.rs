//! Caches of small rows. Never the truth: see the port.

mod memory;
mod uncached;

pub use crate::cache::memory::MemorySnapshotCache;
pub use crate::cache::uncached::Uncached;
