//! Counting what a call costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts statements and commits; clones count together.
#[derive(Clone, Debug, Default)]
pub struct StatementCounter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    statements: AtomicU64,
    commits: AtomicU64,
}

impl StatementCounter {
    /// Statements sent so far; the beginning and end of units of work do not count.
    pub fn statements(&self) -> u64 {
        self.0.statements.load(Ordering::Relaxed)
    }

    /// Units of work committed so far.
    pub fn commits(&self) -> u64 {
        self.0.commits.load(Ordering::Relaxed)
    }

    pub(crate) fn statement(&self) {
        self.0.statements.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn commit(&self) {
        self.0.commits.fetch_add(1, Ordering::Relaxed);
    }
}
