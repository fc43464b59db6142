//! Where a server of a test's own runs.

use tempfile::TempDir;

use crate::support::profile::Backing;

/// What outlives the process of a server, and what nodes share.
#[derive(Debug)]
pub(in crate::support) struct Place {
    pub(in crate::support) backing: Backing,
    pub(in crate::support) folder: TempDir,
}

impl Place {
    /// With a folder of its own.
    pub(in crate::support) fn new(backing: Backing) -> Self {
        Self { backing, folder: tempfile::tempdir().unwrap() }
    }
}
