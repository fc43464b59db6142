//! All tables at one moment, while others go on writing.

use countersign_application::error::Fault;
use sea_orm::{
    AccessMode, ConnectionTrait as _, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, SqliteTransactionMode,
    TransactionOptions,
};

use crate::persistence::{Database, fault};

/// A transaction that reads, and sees what was there when it began.
pub(crate) async fn begin(database: &Database) -> Result<DatabaseTransaction, Fault> {
    let options = TransactionOptions {
        isolation_level: (database.backend() == DbBackend::Postgres).then_some(IsolationLevel::RepeatableRead),
        access_mode: (database.backend() == DbBackend::Postgres).then_some(AccessMode::ReadOnly),
        // Takes no write lock; the log keeps what was there at its first reading.
        sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
    };
    begun(database, options).await.map_err(fault)
}

async fn begun(database: &Database, options: TransactionOptions) -> Result<DatabaseTransaction, DbErr> {
    let transaction = database.begin_with(options).await?;
    unbound(&transaction).await?;
    Ok(transaction)
}

/// Whoever takes the lines may be slow, and a page of a large table may take longer than a request should.
pub(crate) async fn unbound(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
        transaction.execute_unprepared("SET LOCAL idle_in_transaction_session_timeout = 0").await?;
    }
    Ok(())
}
