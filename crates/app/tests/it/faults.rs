//! What happens when something beneath the service fails, and after.

mod database;
mod kill;
mod outbox;
mod shutdown;
mod smtp_sink;
mod sqlite;
