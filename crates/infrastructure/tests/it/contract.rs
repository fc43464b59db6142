//! One suite for each port, over `&dyn Port`, run on every adapter.

mod rate_limiter;
mod snapshot_cache;
