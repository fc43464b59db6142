//! Whether the database is fit for use.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::clock::Clock;
use countersign_application::ports::dependency_probe::DependencyProbe;
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, RuntimeErr, Statement};
use time::OffsetDateTime;

use crate::persistence::connection::within;
use crate::persistence::database::Database;
use crate::persistence::error::fault;

/// A probe is asked often, and must not pile up.
const PATIENCE: Duration = Duration::from_secs(1);
/// Rows and tokens are judged by the node's clock; further off than this it judges wrongly.
const MAX_SKEW: time::Duration = time::Duration::seconds(30);

/// Asks the database for its time and its schema.
pub struct DatabaseProbe {
    database: Database,
    clock: Arc<dyn Clock>,
}

impl DatabaseProbe {
    pub(crate) fn new(database: Database, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock }
    }

    /// Fails unless the schema is there. SQLite lives on this node and has its clock.
    async fn ask(&self) -> Result<Option<OffsetDateTime>, DbErr> {
        let backend = self.database.backend();
        let sql = if backend == DbBackend::Sqlite {
            "SELECT version FROM seaql_migrations LIMIT 1"
        } else {
            "SELECT clock_timestamp() AS now FROM seaql_migrations LIMIT 1"
        };
        let store = self.database.store();
        let row = within(PATIENCE, store.0.query_one_raw(Statement::from_string(backend, sql)))
            .await?
            .ok_or_else(|| DbErr::Conn(RuntimeErr::Internal("no migration is applied".to_owned())))?;
        if backend == DbBackend::Sqlite { Ok(None) } else { row.try_get("", "now").map(Some) }
    }
}

#[async_trait]
impl DependencyProbe for DatabaseProbe {
    fn name(&self) -> &'static str {
        "database"
    }

    async fn check(&self) -> Result<(), Fault> {
        let theirs = self.ask().await.map_err(fault)?;
        theirs.map_or(Ok(()), |theirs| compare(self.clock.now(), theirs))
    }
}

fn compare(ours: OffsetDateTime, theirs: OffsetDateTime) -> Result<(), Fault> {
    skew(ours, theirs).map_or(Ok(()), |skew| {
        let skew = skew.whole_seconds();
        Err(Fault::unavailable("database", format!("its clock and this node's differ by {skew} s")))
    })
}

/// By how much they differ, if it is too much.
pub(crate) fn skew(ours: OffsetDateTime, theirs: OffsetDateTime) -> Option<time::Duration> {
    Some((ours - theirs).abs()).filter(|skew| *skew > MAX_SKEW)
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use countersign_application::testing::NOW;

    use super::*;

    #[test]
    fn clocks_may_differ_by_30_s_and_no_more_to_either_side() {
        for seconds in [-30, -1, 0, 29, 30] {
            compare(NOW, NOW + time::Duration::seconds(seconds)).unwrap();
        }
        for (seconds, told) in [(-31, 31), (31, 31), (3_600, 3_600)] {
            let refused = compare(NOW, NOW + time::Duration::seconds(seconds)).unwrap_err();
            let why = refused.source().unwrap().to_string();
            assert_eq!(why, format!("its clock and this node's differ by {told} s"));
        }
    }
}
