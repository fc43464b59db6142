//! A clock of a process that can be put off.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::support::Setup;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/nodes/clock/shift.c");

/// A library that stands before the system's clock, and the file that tells it by how much that is to be wrong.
pub(crate) struct ShiftedClock(TempDir);

impl ShiftedClock {
    /// One that is right.
    pub(crate) fn build() -> Self {
        let clock = Self(tempfile::tempdir().unwrap());
        clock.shift(0);
        let mut compiler = Command::new("cc");
        let status = compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(clock.library()).arg(SOURCE).status();
        assert!(status.unwrap().success(), "the clock cannot be compiled");
        clock
    }

    fn library(&self) -> PathBuf {
        self.0.path().join("shift.so")
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("seconds")
    }

    /// For a node that goes by it.
    pub(crate) fn worn_by(&self, setup: Setup) -> Setup {
        let path = |path: PathBuf| path.to_str().unwrap().to_owned();
        setup.variable("LD_PRELOAD", &path(self.library())).variable("SHIFT_FILE", &path(self.file()))
    }

    /// Puts it off by so many seconds; 0 puts it right.
    pub(crate) fn shift(&self, seconds: i64) {
        let next = self.0.path().join("next");
        std::fs::write(&next, seconds.to_string()).unwrap();
        // At once: half a number would be another one.
        std::fs::rename(next, self.file()).unwrap();
    }
}
