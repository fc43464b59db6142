//! Whether this node's clock can be trusted.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::clock::Clock;
use countersign_application::ports::dependency_probe::DependencyProbe;
use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, RuntimeErr, Statement};
use time::OffsetDateTime;

use crate::persistence::database::Database;
use crate::persistence::error::fault;
use crate::persistence::probe::skew;

const NAME: &str = "clock";

/// Compares the node's clock with that of the database. For whoever works beside requests: it waits for a connection as
/// long as the work itself would.
pub struct ClockProbe {
    database: Database,
    clock: Arc<dyn Clock>,
}

impl ClockProbe {
    pub(crate) fn new(database: Database, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock }
    }

    async fn ask(&self) -> Result<OffsetDateTime, DbErr> {
        let sql = "SELECT clock_timestamp() AS now";
        let answer = self.database.store().0.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
        let row = answer.ok_or_else(|| DbErr::Conn(RuntimeErr::Internal("it does not tell its time".to_owned())))?;
        row.try_get("", "now")
    }
}

#[async_trait]
impl DependencyProbe for ClockProbe {
    fn name(&self) -> &'static str {
        NAME
    }

    /// A fault of this name if it is off; one of the database if that cannot tell.
    async fn check(&self) -> Result<(), Fault> {
        // SQLite lives on this node and has its clock.
        if self.database.backend() == DbBackend::Sqlite {
            return Ok(());
        }
        let theirs = self.ask().await.map_err(fault)?;
        match skew(self.clock.now(), theirs) {
            None => Ok(()),
            Some(skew) => {
                let why = format!("that of the database and this node's differ by {} s", skew.whole_seconds());
                Err(Fault::unavailable(NAME, why))
            }
        }
    }
}
