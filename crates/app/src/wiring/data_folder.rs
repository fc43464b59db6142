//! The data folder.

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::path::Path;

use anyhow::{Context as _, bail};

/// Makes the folder, for its owner alone; one that is there is left as it is.
pub(crate) fn create(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Held while a process serves from the folder. The system lets go of it however the process ends.
pub(crate) struct ServingLock {
    _file: File,
}

impl ServingLock {
    /// Fails if another process serves from this folder: on the embedded default caches and limits are in the process,
    /// so two of them would not see each other's revocations.
    pub(crate) fn acquire(folder: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("cannot use the data folder {}", folder.display());
        create(folder).with_context(cannot)?;
        let file = File::create(folder.join("serve.lock")).with_context(cannot)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                bail!(
                    "another countersign serves from {}; for several nodes use PostgreSQL and Redis",
                    folder.display()
                )
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(cannot),
        }
    }
}
