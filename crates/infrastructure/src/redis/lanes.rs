//! Connections that many calls share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use deadpool_redis::cluster::{ClusterClient, ClusterConnection};
use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::{Cmd, FromRedisValue, RedisError, cmd};

use crate::redis::circuits::Circuits;

/// A connection that nobody used for so long is asked first whether it still lives.
const RESTED: Duration = Duration::from_secs(1);

/// Makes lanes. deadpool-redis' own managers ask every connection whether it lives before every call, which would double
/// the time of each; and that of clusters takes no timeouts.
pub(crate) enum Connector {
    /// To one server.
    Server(deadpool_redis::Manager),
    /// To the masters of a cluster, and what is known of each of them.
    Cluster(ClusterClient, Arc<Circuits>),
}

impl Connector {
    /// The client of a cluster mends the connections to its nodes by itself.
    pub(crate) const fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(..))
    }
}

/// A connection. Calls are sent one after another and answered in the same order; a caller that leaves early leaves
/// its place in the queue behind, so nobody gets another's answer.
#[derive(Clone)]
pub(crate) struct Lane {
    connection: Connection,
    broken: Arc<AtomicBool>,
}

#[derive(Clone)]
enum Connection {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Lane {
    /// Sends a command and waits for its answer.
    pub(crate) async fn query<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, RedisError> {
        let answer = match &mut self.connection {
            Connection::Server(connection) => command.query_async(connection).await,
            Connection::Cluster(connection) => command.query_async(connection).await,
        };
        if answer.as_ref().is_err_and(RedisError::is_unrecoverable_error) {
            self.broken.store(true, Ordering::Relaxed);
        }
        answer
    }
}

impl Manager for Connector {
    type Type = Lane;
    type Error = RedisError;

    async fn create(&self) -> Result<Lane, RedisError> {
        let lane = |connection| Lane { connection, broken: Arc::default() };
        match self {
            Self::Server(manager) => Ok(lane(Connection::Server(manager.create().await?))),
            Self::Cluster(client, circuits) => {
                let mut lane = lane(Connection::Cluster(client.get_async_connection().await?));
                // Whoever hangs is not among those that a new connection asks.
                if let Ok(slots) = lane.query(cmd("CLUSTER").arg("SLOTS")).await {
                    circuits.learn(slots);
                }
                Ok(lane)
            }
        }
    }

    async fn recycle(&self, lane: &mut Lane, metrics: &Metrics) -> RecycleResult<RedisError> {
        if lane.broken.load(Ordering::Relaxed) {
            return Err(RecycleError::message("the connection is broken"));
        }
        // The client of a cluster mends its connections itself, and one node that is out is not to cost all of them.
        if !self.is_cluster() && metrics.last_used() >= RESTED {
            lane.query::<()>(&cmd("PING")).await?;
        }
        Ok(())
    }
}
