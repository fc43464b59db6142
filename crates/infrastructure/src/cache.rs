//! Caches of small rows. Never the truth: see the port.

mod memory;

pub use crate::cache::memory::MemorySnapshotCache;
