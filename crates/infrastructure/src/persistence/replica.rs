//! A read replica: lists come from it while it keeps up, and from the primary when not.

mod position;
mod probe;
mod reading;

use std::fmt;
use std::time::Duration;

use countersign_application::error::Fault;
use metrics::gauge;
use sea_orm::{ConnectionTrait as _, DbErr, QueryResult, RuntimeErr, Statement};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::persistence::connection::within;
use crate::persistence::database::Database;
use crate::persistence::error::fault;
use crate::persistence::replica::position::{Position, Written};

pub use crate::persistence::replica::probe::ReplicaProbe;
pub use crate::persistence::replica::reading::ReplicatedListings;

/// How often it is looked at: also how long it may be read after it has fallen silent.
const PAUSE: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(1);

const WRITTEN: &str = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS position";
/// Fails unless the schema is there. One that was promoted writes itself.
const REPLAYED: &str = "SELECT pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() \
     ELSE pg_current_wal_lsn() END, '0/0')::bigint AS position, pg_is_in_recovery() AS follows \
     FROM seaql_migrations LIMIT 1";

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
    Promoted,
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

    /// Looks at it now and then, for ever.
    pub async fn watch(&self) {
        let mut written = Written::default();
        loop {
            self.judge(self.lag(&mut written).await);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// One look, for people.
    pub async fn look(&self) -> Result<Following, Fault> {
        let written = self.written().await.map_err(fault)?;
        let (replayed, follows) = self.replayed().await.map_err(fault)?;
        Ok(match (follows, replayed >= written) {
            (false, _) => Following::Promoted,
            (true, true) => Following::InStep,
            (true, false) => Following::Behind,
        })
    }

    /// Closes its connections; those of the primary are others' to close.
    pub async fn close(&self) -> Result<(), Fault> {
        self.follower.close().await
    }

    /// How old what it has may be, none if that is not known yet. By positions in the log that the two have in common: the
    /// time of the last transaction stands still while nobody writes, and tells nothing of one that lost its primary.
    async fn lag(&self, written: &mut Written) -> Result<Option<Duration>, DbErr> {
        let asked = Instant::now();
        match self.written().await {
            Ok(position) => written.note(asked, position),
            // How far behind it is stays known for a while.
            Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "the primary was not asked"),
        }
        let (replayed, _) = self.replayed().await?;
        Ok(written.lag(Instant::now(), replayed))
    }

    async fn written(&self) -> Result<Position, DbErr> {
        ask(&self.primary, WRITTEN).await?.try_get("", "position")
    }

    async fn replayed(&self) -> Result<(Position, bool), DbErr> {
        let row = ask(&self.follower, REPLAYED).await?;
        Ok((row.try_get("", "position")?, row.try_get("", "follows")?))
    }

    fn judge(&self, found: Result<Option<Duration>, DbErr>) {
        let standing = match found {
            Ok(Some(lag)) => {
                gauge!("countersign_replica_lag_seconds").set(lag.as_secs_f64());
                if lag <= self.max_lag { Ok(()) } else { Err(Fault::unavailable("replica", "it is too far behind")) }
            }
            Ok(None) => Err(Fault::unavailable("replica", "it does not have yet what the primary had")),
            Err(error) => Err(fault(error)),
        };
        match standing {
            Ok(()) => self.take_up(),
            Err(outage) => self.leave(&outage),
        }
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

    /// Said once, however many notice.
    fn leave(&self, why: &Fault) {
        gauge!("countersign_replica_up").set(0.0);
        if self.standing.send_replace(Standing::Left) != Standing::Left {
            let error = why as &dyn std::error::Error;
            tracing::warn!(error, "lists are read from the primary, for the replica cannot be used");
        }
    }
}

async fn ask(database: &Database, sql: &str) -> Result<QueryResult, DbErr> {
    let store = database.store();
    within(PATIENCE, store.0.query_one_raw(Statement::from_string(database.backend(), sql)))
        .await?
        .ok_or_else(|| DbErr::Conn(RuntimeErr::Internal("no migration is applied".to_owned())))
}
