//! Who else is at the database.

use countersign_application::error::Fault;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use crate::persistence::database::Database;
use crate::persistence::error::fault;

impl Database {
    /// Whether other processes of this service are connected. Of SQLite it cannot tell.
    pub async fn is_in_use(&self) -> Result<bool, Fault> {
        if self.backend() == DbBackend::Sqlite {
            return Ok(false);
        }
        let sql = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                   AND application_name = current_setting('application_name')";
        let others = self.store().0.query_one_raw(Statement::from_string(self.backend(), sql)).await.map_err(fault)?;
        Ok(others.is_some())
    }
}
