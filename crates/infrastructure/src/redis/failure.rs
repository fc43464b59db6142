//! Why a call to Redis came to nothing.

use deadpool::managed::PoolError;
use deadpool_redis::redis::RedisError;

/// Codes of answers of a server that takes no writes.
const REFUSING: [&str; 4] = ["OOM", "READONLY", "MISCONF", "NOREPLICAS"];

/// Said to whoever runs the service; callers do without Redis.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("no answer in time")]
    Late,
    #[error("{0}")]
    Redis(#[from] RedisError),
    #[error("no connection: {0}")]
    NoConnection(RedisError),
    #[error("no connection: {0}")]
    Pool(PoolError<RedisError>),
}

/// What the server said, without what the pool has to say of it.
impl From<PoolError<RedisError>> for Failure {
    fn from(error: PoolError<RedisError>) -> Self {
        match error {
            PoolError::Backend(error) => Self::NoConnection(error),
            PoolError::Timeout(_) => Self::Late,
            other => Self::Pool(other),
        }
    }
}

impl Failure {
    /// The server has ended the connection, as when it restarts.
    pub(crate) fn is_disconnect(&self) -> bool {
        matches!(self, Self::Redis(error) if error.is_connection_dropped())
    }

    /// It answers and takes nothing: it is full, cannot persist, or another server has become the primary. What is read of it
    /// says nothing then of what others wrote.
    pub(crate) fn refuses_writes(&self) -> bool {
        matches!(self, Self::Redis(error) if error.code().is_some_and(|code| REFUSING.contains(&code)))
    }

    /// Once for each outage.
    pub(crate) fn report(&self) {
        tracing::warn!(
            cause = %self,
            "Redis does not answer; until it does, entries are read from the database, this node counts its limits for itself, and answers wait until old entries have expired"
        );
    }
}
