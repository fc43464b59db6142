//! Counting in sliding windows: the named limits.

mod counted;
mod memory;
mod redis;
mod sliding_log;

pub use crate::rate_limit::counted::CountedRateLimiter;
pub use crate::rate_limit::memory::MemoryRateLimiter;
pub use crate::rate_limit::redis::RedisRateLimiter;
