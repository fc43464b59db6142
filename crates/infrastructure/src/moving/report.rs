//! What became of an import.

use crate::moving::record::Place;
use crate::moving::table::Table;

/// So many conflicts are kept by their lines; of the others there is the number.
const KEPT: usize = 1_000;

/// What became of the records of one table.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Which.
    pub table: &'static Table,
    /// Lines.
    pub read: u64,
    /// New in the database.
    pub imported: u64,
    /// There already.
    pub present: u64,
    /// Not taken: each is a conflict.
    pub refused: u64,
}

/// A line that was not taken, and why: in words without personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Which line.
    pub place: Place,
    /// Why.
    pub why: String,
}

/// What became of all of them. A dry run has the same.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// By table, in order.
    pub tallies: Vec<Tally>,
    /// The first of them.
    pub conflicts: Vec<Conflict>,
    /// How many there are beyond those.
    pub more_conflicts: u64,
    /// Accounts that were imported without a password that could be verified here: they set one by a reset.
    pub without_password: u64,
    /// Accounts that were imported with an address that nobody has proven.
    pub unverified: u64,
    /// Rows of another system that are nothing any more: invitations that were accepted, accounts that were deleted.
    pub left_out: u64,
    /// Accounts that were imported as superusers.
    pub superusers: u64,
    /// Accounts that were superusers elsewhere and are not here.
    pub no_superusers: u64,
    /// Teams of this import with members of whom none is an active admin.
    pub without_admin: Vec<Place>,
}

impl Report {
    pub(crate) fn of(&mut self, table: &'static Table) -> &mut Tally {
        let at = self.tallies.iter().position(|tally| tally.table == table).unwrap_or_else(|| {
            self.tallies.push(Tally { table, read: 0, imported: 0, present: 0, refused: 0 });
            self.tallies.len() - 1
        });
        &mut self.tallies[at]
    }

    pub(crate) fn refuse(&mut self, table: &'static Table, place: Place, why: impl Into<String>) {
        self.of(table).refused += 1;
        if self.conflicts.len() < KEPT {
            self.conflicts.push(Conflict { place, why: why.into() });
        } else {
            self.more_conflicts += 1;
        }
    }

    /// How many records were not taken.
    pub fn refused(&self) -> u64 {
        self.tallies.iter().map(|tally| tally.refused).sum()
    }
}
