//! Storage on SQLite or PostgreSQL, by SeaORM: one store for a pool and for a transaction.
//!
//! [`Database`] opens it and hands out what implements the ports; each port's file beneath holds the statements.

mod audit_log;
mod bounded_listings;
mod clock_probe;
mod connection;
mod credentials;
mod database;
mod entities;
mod erasures;
mod error;
mod housekeeping;
mod invitations;
mod listed;
mod listings;
mod memberships;
mod networks;
mod one_time_tokens;
mod outbox;
pub mod personal_data;
mod presence;
mod probe;
mod remains;
mod replica;
mod roster;
mod search;
mod sessions;
mod signing_keys;
mod statement_counter;
mod statement_span;
mod store;
mod teams;
mod timestamp;
mod unit_of_work;
mod users;
mod write_queue;

pub use crate::persistence::bounded_listings::{DatabaseListings, SearchBounds, SearchWindow};
pub use crate::persistence::clock_probe::ClockProbe;
pub use crate::persistence::connection::Connection;
pub use crate::persistence::database::{Connections, Database, DatabaseOptions};
pub(crate) use crate::persistence::error::fault;
pub use crate::persistence::error::is_turned_away;
pub use crate::persistence::probe::DatabaseProbe;
pub use crate::persistence::replica::{Following, Replica, ReplicaProbe, ReplicatedListings};
pub use crate::persistence::statement_counter::StatementCounter;
pub use crate::persistence::store::Store;
pub(crate) use crate::persistence::timestamp::text as time_text;
pub use crate::persistence::unit_of_work::{DatabaseUnitOfWork, DatabaseUnitOfWorkFactory};
