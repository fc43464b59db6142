//! Redis as it is: killed, hung, emptied, full, and asked by several nodes at once.

pub(crate) mod cache;
mod limiter;
mod outage;
mod server;

use std::time::Duration;

use countersign_infrastructure::redis::{RedisOptions, RedisPool};

pub(crate) use crate::redis::server::Server;

/// Tests share a machine with each other; most of what they assert is not its speed.
pub(crate) const PATIENT: RedisOptions =
    RedisOptions { answer: Duration::from_secs(10), connect: Duration::from_secs(10) };

/// Every Redis that the environment names: one server, and a cluster.
#[expect(clippy::disallowed_methods, reason = "how a test finds the servers that it may use")]
pub(crate) fn each_redis() -> Vec<RedisPool> {
    let mut pools = Vec::new();
    for (variable, nodes) in [("TEST_REDIS_URL", 1..=1), ("TEST_REDIS_CLUSTER_URLS", 2..=99)] {
        if let Ok(urls) = std::env::var(variable) {
            assert!(nodes.contains(&urls.split(',').count()), "{variable}");
            println!("with {variable}");
            pools.push(RedisPool::new(&urls, PATIENT).unwrap());
        }
    }
    pools
}
