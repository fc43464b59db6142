//! Whether Redis answers.

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::dependency_probe::DependencyProbe;

use crate::redis::pool::RedisPool;

/// Asks Redis for a sign of life, unless it was given up for the moment.
pub struct RedisProbe {
    redis: RedisPool,
}

impl RedisProbe {
    pub(crate) fn new(redis: RedisPool) -> Self {
        Self { redis }
    }
}

#[async_trait]
impl DependencyProbe for RedisProbe {
    fn name(&self) -> &'static str {
        "redis"
    }

    /// Without it the service does what it does, more slowly.
    fn is_required(&self) -> bool {
        false
    }

    async fn check(&self) -> Result<(), Fault> {
        self.redis.ping().await.map_err(|unavailable| Fault::unavailable("Redis", unavailable))
    }
}
