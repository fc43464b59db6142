//! Caches of small rows. Never the truth: see the port.

mod counted;
mod memory;
mod uncached;

pub use crate::cache::counted::Counted;
pub use crate::cache::memory::MemorySnapshotCache;
pub use crate::cache::uncached::Uncached;
