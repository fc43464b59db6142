//! The environment of the process: the only place that reads it.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// A copy of the environment. Variables that are set but empty count as not set, as compose files leave them so.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// What this process was started with.
    #[expect(clippy::disallowed_methods, reason = "settings are where the environment is read")]
    pub(crate) fn of_process() -> Self {
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect()
    }

    /// The value of a variable; an error if it is not text.
    pub(crate) fn get(&self, name: &str) -> Option<Result<&str, NotText>> {
        self.0.get(name).map(|value| value.to_str().ok_or(NotText))
    }

    /// The names of all variables.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The value of a variable is not UTF-8.
#[derive(Debug)]
pub(crate) struct NotText;

impl<V: Into<OsString>> FromIterator<(String, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, V)>>(variables: I) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name, value.into()));
        Self(variables.filter(|(_, value)| !value.is_empty()).collect())
    }
}
