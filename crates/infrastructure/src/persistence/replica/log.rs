//! What a server tells of itself and of its log.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbErr, RuntimeErr, Statement};

use crate::persistence::connection::within;
use crate::persistence::database::Database;
use crate::persistence::replica::Following;
use crate::persistence::replica::position::Position;

const PATIENCE: Duration = Duration::from_secs(1);

/// Fails unless the schema is there and may be read. A replica has the identifier of its primary's data, and the numbers
/// of its databases; any role may ask for them.
const ASKED: &str = "SELECT pg_is_in_recovery() AS follows, \
     pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, \
     '0/0')::bigint AS position, \
     (SELECT concat(system_identifier, '/', oid) FROM pg_control_system(), pg_database \
     WHERE datname = current_database()) AS origin \
     FROM seaql_migrations LIMIT 1";

/// The write-ahead log of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Log {
    /// Which database of which server it was begun with.
    pub(crate) origin: String,
    /// As far as it is written, or replayed.
    pub(crate) position: Position,
    /// Whether it is another server's.
    pub(crate) follows: bool,
}

impl Log {
    /// What this server has.
    pub(crate) async fn of(server: &Database) -> Result<Self, DbErr> {
        let store = server.store();
        let row = within(PATIENCE, store.0.query_one_raw(Statement::from_string(server.backend(), ASKED)))
            .await?
            .ok_or_else(|| DbErr::Custom("no migration is applied".to_owned()))?;
        Ok(Self {
            origin: row.try_get("", "origin")?,
            position: row.try_get("", "position")?,
            follows: row.try_get("", "follows")?,
        })
    }

    /// What this server has, if it is what others follow.
    pub(crate) async fn of_primary(server: &Database) -> Result<Self, DbErr> {
        let log = Self::of(server).await?;
        if log.follows {
            return Err(DbErr::Conn(RuntimeErr::Internal("the primary is itself a replica".to_owned())));
        }
        Ok(log)
    }

    /// What this one is to the primary.
    pub(crate) fn compare(&self, primary: &Self) -> Following {
        if !self.follows {
            Following::TakesWrites
        } else if self.origin != primary.origin {
            Following::Stranger
        } else if self.position < primary.position {
            Following::Behind
        } else {
            Following::InStep
        }
    }
}
