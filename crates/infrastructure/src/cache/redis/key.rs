//! What entries are called.

use countersign_domain::ids::{SessionId, TeamId, UserId};

/// What tells an entry from the others of its cache.
pub trait CacheKey {
    /// As part of a key in Redis.
    fn text(&self) -> String;
}

impl CacheKey for UserId {
    fn text(&self) -> String {
        self.to_string()
    }
}

impl CacheKey for SessionId {
    fn text(&self) -> String {
        self.to_string()
    }
}

impl CacheKey for TeamId {
    fn text(&self) -> String {
        self.to_string()
    }
}

impl CacheKey for (UserId, TeamId) {
    fn text(&self) -> String {
        format!("{}:{}", self.0, self.1)
    }
}
