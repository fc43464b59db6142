//! A read replica: lists come from it while it keeps up, and from the primary when not.

mod log;
mod position;
mod probe;
mod reading;
mod watching;

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use countersign_application::error::Fault;
use metrics::gauge;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::persistence::database::Database;
use crate::persistence::error::fault;
use crate::persistence::replica::log::Log;

pub use crate::persistence::replica::probe::ReplicaProbe;
pub use crate::persistence::replica::reading::ReplicatedListings;

/// Between two looks of people.
const LOOKS: Duration = Duration::from_millis(250);

/// Whether it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Not looked at yet.
    Unknown,
    Used,
    Left,
}

/// What a replica is found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Following {
    /// It has everything that the primary had when it was asked.
    InStep,
    /// It still lacks some of that.
    Behind,
    /// It takes writes itself: it was promoted, or is no replica.
    TakesWrites,
    /// It is a replica, and what it has is not what the primary has: another server's, or another database.
    Stranger,
}

/// The replica and what it follows. Clones share what is known of it.
#[derive(Clone)]
pub struct Replica {
    primary: Database,
    follower: Database,
    max_lag: Duration,
    standing: watch::Sender<Standing>,
}

impl fmt::Debug for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replica")
            .field("max_lag", &self.max_lag)
            .field("standing", &*self.standing.borrow())
            .finish_non_exhaustive()
    }
}

impl Replica {
    /// `follower` as a replica of `primary`, which is read while it is at most `max_lag` behind. That is not known before
    /// [`Self::watch`] has looked at it.
    pub fn new(primary: Database, follower: Database, max_lag: Duration) -> Self {
        Self { primary, follower, max_lag, standing: watch::Sender::new(Standing::Unknown) }
    }

    /// Lists that come from it where they can.
    pub fn listings(&self) -> ReplicatedListings {
        ReplicatedListings::new(self.clone())
    }

    /// Whether lists come from it at the moment.
    pub fn probe(&self) -> ReplicaProbe {
        ReplicaProbe::new(self.clone())
    }

    /// Whether it gets within this time to where the primary is now. For people.
    pub async fn look(&self, patience: Duration) -> Result<Following, Fault> {
        let primary = Log::of_primary(&self.primary).await.map_err(fault)?;
        let until = Instant::now() + patience;
        loop {
            let follower = match Log::of(&self.follower).await {
                Ok(follower) => follower,
                Err(error) => return Err(self.follower.reason_of(fault(error)).await),
            };
            let found = follower.compare(&primary);
            if found != Following::Behind || Instant::now() >= until {
                return Ok(found);
            }
            tokio::time::sleep(LOOKS).await;
        }
    }

    /// Closes its connections; those of the primary are others' to close.
    pub async fn close(&self) -> Result<(), Fault> {
        self.follower.close().await
    }

    fn is_used(&self) -> bool {
        *self.standing.borrow() == Standing::Used
    }

    fn take_up(&self) {
        gauge!("countersign_replica_up").set(1.0);
        if self.standing.send_replace(Standing::Used) != Standing::Used {
            tracing::info!("lists are read from the replica");
        }
    }

    /// Said once, however often it is found.
    fn leave(&self, why: &Fault) {
        gauge!("countersign_replica_up").set(0.0);
        if self.standing.send_replace(Standing::Left) != Standing::Left {
            let cause = why.source().map(ToString::to_string);
            tracing::warn!(cause, "lists are read from the primary, for the replica cannot be used");
        }
    }
}
