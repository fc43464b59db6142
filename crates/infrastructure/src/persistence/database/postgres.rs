//! Opening PostgreSQL.

use std::time::Duration;

use countersign_application::error::Fault;
use sea_orm::{ConnectOptions, DatabaseConnection};

use crate::persistence::database::options::DatabaseOptions;
use crate::persistence::error::fault;

/// A connection that rested this long is asked for a sign of life before it is used: it may have been cut off.
const RESTED: Duration = Duration::from_secs(5);

pub(crate) async fn open(url: &str, options: &DatabaseOptions) -> Result<DatabaseConnection, Fault> {
    let milliseconds = |timeout: Duration| timeout.as_millis().to_string();
    let settings = [
        ("statement_timeout", milliseconds(options.statement_timeout)),
        ("idle_in_transaction_session_timeout", milliseconds(options.idle_in_transaction_timeout)),
        // Defaults are times of the session's zone; only a client that asks for text would see it.
        ("timezone", "UTC".to_owned()),
    ];
    let mut connect = ConnectOptions::new(url);
    connect
        .connect_lazy(true)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .set_application_name("countersign")
        .max_connections(options.max_connections)
        .connect_timeout(options.acquire_timeout)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire_if_idle_for(RESTED)
        .map_sqlx_postgres_opts(move |postgres| postgres.options(settings.clone()));
    sea_orm::Database::connect(connect).await.map_err(fault)
}
