//! Whose turn it is to write on SQLite.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnAcquireErr, DbErr};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// SQLite has one writer. Its own waiting is a poll that serves whoever happens to look in time; this queue is first
/// come, first served, and gives up after a bound.
#[derive(Clone, Debug)]
pub(crate) struct WriteQueue {
    turn: Arc<Semaphore>,
    patience: Duration,
}

/// The turn; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl WriteQueue {
    pub(crate) fn new(patience: Duration) -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), patience }
    }

    /// Waits for the turn.
    pub(crate) async fn enter(&self) -> Result<Turn, DbErr> {
        match tokio::time::timeout(self.patience, Arc::clone(&self.turn).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Turn { _permit: permit }),
            Ok(Err(_closed)) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed)),
            Err(_elapsed) => Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
        }
    }
}
