//! What is wrong with the settings.

use std::fmt;

/// One thing that is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The setting, with where its value came from.
    pub at: String,
    /// What is wrong and the next step. Never the value of a secret.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

/// Everything that is wrong with the settings, all at once.
#[derive(Debug)]
pub(crate) struct SettingsError {
    problems: Vec<Problem>,
}

impl SettingsError {
    /// These problems.
    pub(crate) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// These problems, and then those.
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.problems.extend(others.problems);
        self
    }

    /// What is wrong with what one setting names.
    pub(crate) fn of(at: &str, what: impl IntoIterator<Item = String>) -> Self {
        Self::new(what.into_iter().map(|what| Problem { at: at.to_owned(), what }).collect())
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        write!(f, "the settings cannot be used ({count} problem{}):", if count == 1 { "" } else { "s" })?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for SettingsError {}
