//! The data folder.

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Context as _;

/// Makes the folder, for its owner alone; one that is there is left as it is.
pub(crate) fn create(folder: &Path) -> anyhow::Result<()> {
    make(folder).with_context(|| unusable(folder))
}

/// Says which of these folders and files others than their owner may use, and what to do about it. They are left as they
/// are: on volumes of an orchestrator it is the group that lets the service in.
pub(crate) fn warn_of_open<'a>(paths: impl IntoIterator<Item = &'a Path>) {
    for path in paths {
        let Ok(found) = path.metadata() else { continue };
        if found.permissions().mode() & 0o077 != 0 {
            let (path, mode) = (path.display(), if found.is_dir() { "700" } else { "600" });
            tracing::warn!("others than its owner may use {path}; run `chmod {mode} {path}`");
        }
    }
}

fn unusable(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "cannot use the data folder {folder}; make it writable for the user that this runs as, or set data_dir to another"
    )
}

fn make(folder: &Path) -> io::Result<()> {
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
    /// None if another process serves from this folder: on the embedded default caches and limits are in the process,
    /// so two of them would not see each other's revocations.
    pub(crate) fn acquire(folder: &Path) -> anyhow::Result<Option<Self>> {
        create(folder)?;
        let mut options = File::options();
        options.create(true).truncate(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(folder.join("serve.lock")).with_context(|| unusable(folder))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| unusable(folder)),
        }
    }
}
