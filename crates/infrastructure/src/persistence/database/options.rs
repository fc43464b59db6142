//! How the database is opened.

use std::time::Duration;

/// Bounds of the pool and of each statement.
#[derive(Clone, Debug)]
pub struct DatabaseOptions {
    /// Most connections of this node.
    pub max_connections: u32,
    /// Longest wait for a connection, and on SQLite for the turn to write; then the database counts as unavailable.
    pub acquire_timeout: Duration,
    /// Longest wait for the answer to a statement.
    pub statement_timeout: Duration,
    /// PostgreSQL ends a transaction that was left open without a statement for this long.
    pub idle_in_transaction_timeout: Duration,
    /// How long a change of the schema goes on trying while others use its table, on PostgreSQL.
    pub migration_patience: Duration,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self {
            max_connections: 10,
            acquire_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(5),
            idle_in_transaction_timeout: Duration::from_secs(10),
            migration_patience: Duration::from_mins(1),
        }
    }
}
