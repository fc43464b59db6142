//! What the database must do beyond the ports.

mod backlog;
mod bounded_search;
pub(crate) mod fresh;
mod indexes;
mod locks;
mod migrations;
mod opening;
mod personal_data;
mod plans;
mod plans_at_size;
mod probe;
mod races;
mod remains;
mod revocations;
mod search_indexes;
mod statements;
