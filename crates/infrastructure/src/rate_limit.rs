//! Counting in sliding windows: the named limits.

mod counted;
mod memory;
mod sliding_log;

pub use crate::rate_limit::counted::CountedRateLimiter;
pub use crate::rate_limit::memory::MemoryRateLimiter;
