//! Connections that many calls share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use deadpool_redis::cluster::{ClusterClient, ClusterConnection};
use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::{Cmd, FromRedisValue, RedisError, cmd};

use crate::redis::circuits::Circuits;

/// A connection that nobody used for so long is asked first whether it still lives.
const RESTED: Duration = Duration::from_secs(1);

/// What an answer that did not come in time counts against its lane, and one that came for it. A lane on which more than
/// one in five is late is given up before long: nobody tells a client of a connection that leads nowhere any more.
const LATE: u32 = 4;
const IN_TIME: u32 = 1;
/// From here on another takes its place.
const GIVEN_UP: u32 = 12;

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
    lateness: Arc<AtomicU32>,
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
        match &answer {
            Err(error) if error.is_timeout() => self.was_late(),
            Err(error) if error.is_unrecoverable_error() => self.broken.store(true, Ordering::Relaxed),
            _ => self.was_in_time(),
        }
        answer
    }

    /// An answer that nobody waits for any more.
    pub(crate) fn was_late(&self) {
        self.lateness.fetch_add(LATE, Ordering::Relaxed);
    }

    /// Where the server is known to be out, that says nothing of the connection.
    pub(crate) fn is_forgiven(&self) -> bool {
        self.lateness.store(0, Ordering::Relaxed);
        true
    }

    fn was_in_time(&self) {
        let less = |lateness: u32| lateness.checked_sub(IN_TIME);
        // Nothing is against most.
        let _was_nothing = self.lateness.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

impl Manager for Connector {
    type Type = Lane;
    type Error = RedisError;

    async fn create(&self) -> Result<Lane, RedisError> {
        let lane = |connection| Lane { connection, broken: Arc::default(), lateness: Arc::default() };
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
        if lane.broken.load(Ordering::Relaxed) || lane.lateness.load(Ordering::Relaxed) >= GIVEN_UP {
            return Err(RecycleError::message("the connection is broken"));
        }
        // The client of a cluster mends its connections itself, and one node that is out is not to cost all of them.
        if !self.is_cluster() && metrics.last_used() >= RESTED {
            lane.query::<()>(&cmd("PING")).await?;
        }
        Ok(())
    }
}
