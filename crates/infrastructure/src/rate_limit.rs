//! Counting in sliding windows: the named limits.

mod memory;
mod sliding_log;

pub use crate::rate_limit::memory::MemoryRateLimiter;
