//! A clock of a process that can be put off.

use crate::support::{Preloaded, Setup};

/// A library that stands before the system's clock, and is told by how much that is to be wrong.
pub(crate) struct ShiftedClock(Preloaded);

impl ShiftedClock {
    /// One that is right.
    pub(crate) fn build() -> Self {
        Self(Preloaded::build("nodes/clock/shift.c", "0"))
    }

    /// For a node that goes by it.
    pub(crate) fn worn_by(&self, setup: Setup) -> Setup {
        self.0.worn_by(setup, "SHIFT_FILE")
    }

    /// Puts it off by so many seconds; 0 puts it right.
    pub(crate) fn shift(&self, seconds: i64) {
        self.0.tell(&seconds.to_string());
    }
}
