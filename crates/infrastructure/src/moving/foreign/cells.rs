//! A row of another system's table, by the names of its columns.

use std::collections::HashMap;

use crate::moving::foreign::values;

/// What is given; null and empty texts are not.
pub(super) struct Cells(HashMap<String, String>);

impl Cells {
    pub(super) fn new(given: impl Iterator<Item = (String, String)>) -> Self {
        Self(given.collect())
    }

    /// The first of these columns that is given.
    pub(super) fn text(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.0.get(*name)).map(String::as_str)
    }

    /// The same, which has to be there.
    pub(super) fn needed(&self, names: &[&str]) -> Result<&str, String> {
        self.text(names).ok_or_else(|| format!("{}: a value is required", names[0]))
    }

    pub(super) fn flag(&self, names: &[&str]) -> Result<Option<bool>, String> {
        let flag = |text| values::flag(text).ok_or_else(|| format!("{}: it is neither true nor false", names[0]));
        self.text(names).map(flag).transpose()
    }

    /// A time, in the form in which it is stored.
    pub(super) fn time(&self, names: &[&str]) -> Result<Option<String>, String> {
        let time = |text| values::time(text).ok_or_else(|| format!("{}: it is no time", names[0]));
        self.text(names).map(time).transpose()
    }
}
