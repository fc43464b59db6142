//! How many connections there may be at once.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files besides: database, mailbox, log, other servers.
const OTHER_FILES: u64 = 256;

/// What was set, or as many as the files that the process may open are enough for: clients that hold connections must
/// not keep the database from its files.
pub(crate) fn bound(set: usize) -> usize {
    let Some(files) = raise_limit() else { return set };
    let possible = suffice_for(files);
    if possible < set {
        tracing::warn!(
            set,
            possible,
            files,
            "the process may open too few files for server.max_connections; raise the limit of open files"
        );
    }
    set.min(possible)
}

fn suffice_for(files: u64) -> usize {
    usize::try_from(files.saturating_sub(OTHER_FILES).max(16)).unwrap_or(usize::MAX)
}

/// Raises the limit of open files as far as this process may; what it is then. The usual soft limit is for programs
/// that use `select`, which this one does not.
fn raise_limit() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let _as_it_was = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    }
    getrlimit(Resource::Nofile).current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_the_rest() {
        assert_eq!(suffice_for(1_024), 768);
        assert_eq!(suffice_for(20_000), 19_744);
        assert_eq!(suffice_for(64), 16);
        assert_eq!(bound(3), 3);
    }
}
