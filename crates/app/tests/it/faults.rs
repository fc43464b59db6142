//! What happens when something beneath the service fails, and after.

mod database;
mod kill;
pub(crate) mod ledger;
mod outbox;
mod pooler;
mod postgres;
mod redis;
mod replica;
mod shutdown;
mod silent_connections;
mod smtp_sink;
mod sqlite;
