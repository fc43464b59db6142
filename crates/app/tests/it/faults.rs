//! What happens when something beneath the service fails, and after.

mod both;
mod database;
pub(crate) mod delivered;
pub(crate) mod footprint;
pub(crate) mod interrupted;
mod kill;
pub(crate) mod ledger;
pub(crate) mod line;
mod names;
mod outbox;
mod pace;
mod pooler;
mod postgres;
mod redis;
mod replica;
mod shutdown;
mod silent_connections;
pub(crate) mod smtp_sink;
mod sqlite;
pub(crate) mod writers;

use std::time::Duration;

/// How long the service may take to use again, by itself, what had failed and is back.
pub(crate) const HEALING: Duration = Duration::from_secs(5);
