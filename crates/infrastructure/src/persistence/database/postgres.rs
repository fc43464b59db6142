//! Opening PostgreSQL.

use std::io;
use std::time::Duration;

use countersign_application::error::Fault;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Error, Executor as _};
use sea_orm::{ConnectOptions, DatabaseConnection, DbErr, RuntimeErr};

use crate::persistence::database::options::DatabaseOptions;
use crate::persistence::error::fault;

/// A connection that rested this long is asked for a sign of life before it is used: it may have been cut off.
const RESTED: Duration = Duration::from_secs(5);

/// So long a connection that is given back may take to say that nothing is under way on it. The pool asks for ever: a server
/// that was cut off without a word would keep the place of each connection that was in use.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// Whether it can be read, and nobody meant it otherwise: what stands before an `@` is user and password.
pub(crate) fn is_url(text: &str) -> bool {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    let (authority, others) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    (authority.contains('@') || !others.contains('@')) && text.parse::<PgConnectOptions>().is_ok()
}

pub(crate) async fn open(url: &str, options: &DatabaseOptions) -> Result<DatabaseConnection, Fault> {
    let settings = session_settings(options);
    let mut connect = ConnectOptions::new(url);
    connect
        .connect_lazy(true)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .set_application_name("countersign")
        .max_connections(options.max_connections)
        // Making one included.
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire_if_idle_for(RESTED)
        .map_sqlx_postgres_pool_opts(move |pool| {
            let settings = settings.clone();
            pool.after_connect(move |connection, _| {
                let settings = settings.clone();
                Box::pin(async move { connection.execute(AssertSqlSafe(settings)).await.map(drop) })
            })
            .after_release(|connection, _| {
                Box::pin(async move {
                    let answered = tokio::time::timeout(SIGN_OF_LIFE, connection.ping()).await;
                    answered.map_err(|_elapsed| silent())?.map(|()| true)
                })
            })
        });
    // Nothing is connected yet: it can be wrong with the URL alone, which has a password.
    sea_orm::Database::connect(connect)
        .await
        .map_err(|_unreadable| Fault::internal("database", "its URL cannot be read"))
}

/// Why no connection comes about; none if one does.
pub(crate) async fn refusal(pool: DatabaseConnection, patience: Duration) -> Option<Fault> {
    let options = pool.get_postgres_connection_pool().connect_options();
    match tokio::time::timeout(patience, options.connect()).await {
        Ok(Ok(connection)) => {
            let _what_comes_of_it = tokio::time::timeout(patience, connection.close()).await;
            None
        }
        Ok(Err(error)) => Some(fault(DbErr::Conn(RuntimeErr::SqlxError(error.into())))),
        Err(_elapsed) => Some(Fault::unavailable("database", "it does not answer")),
    }
}

/// Host, port and name of the database.
pub(crate) fn place(options: &PgConnectOptions) -> String {
    let server = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    match options.get_database() {
        Some(name) => format!("PostgreSQL {server}/{name}"),
        // It is called like the user then, who is nobody else's business.
        None => format!("PostgreSQL {server}"),
    }
}

fn silent() -> Error {
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the connection gives no sign of life"))
}

/// Statements that every session begins with. Not parameters of the start: a pooler such as PgBouncer refuses those.
fn session_settings(options: &DatabaseOptions) -> String {
    let settings = [
        ("statement_timeout", options.statement_timeout.as_millis().to_string()),
        ("idle_in_transaction_session_timeout", options.idle_in_transaction_timeout.as_millis().to_string()),
        // What needs no doing, such as a table that is there already, is no news.
        ("client_min_messages", "warning".to_owned()),
        // Defaults are times of the session's zone; only a client that asks for text would see it.
        ("timezone", "'UTC'".to_owned()),
    ];
    settings.map(|(name, value)| format!("SET {name} = {value}")).join("; ")
}
