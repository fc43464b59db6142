//! What deleting leaves in the files beneath the tables.

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::error::Fault;

/// How far clearing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The log that changes go through on their way into the database.
    Log,
    /// The free space within the database, too, as far as that is small enough to be written anew.
    Database,
}

/// A row that is gone from its table may still be read from the files of the database.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Remains: Send + Sync {
    /// Clears what is left of deleted rows, where that is up to this service. It does not keep writers waiting for
    /// long: what cannot be cleared for somebody else who is reading is left for the next time, and [`Depth::Database`]
    /// is done once an hour at most; until then it stays owed, and the first call after that does it, however deep.
    async fn clear(&self, depth: Depth, now: OffsetDateTime) -> Result<(), Fault>;
}
