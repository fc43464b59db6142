//! An export, read.

use std::path::Path;

use serde_json::Value;

/// The lines of a file.
pub(super) struct Lines(Vec<Value>);

impl Lines {
    pub(super) fn of(file: &Path) -> Self {
        Self::parse(&std::fs::read_to_string(file).unwrap())
    }

    pub(super) fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line is not whole");
        Self(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
    }

    pub(super) fn all(&self) -> &[Value] {
        &self.0
    }

    pub(super) fn header(&self) -> &Value {
        &self.0[0]
    }

    pub(super) fn trailer(&self) -> &Value {
        self.0.last().unwrap()
    }

    /// How many of each kind, and the digest of each: the same of equal databases.
    pub(super) fn kinds(&self) -> &Value {
        &self.trailer()["kinds"]
    }

    pub(super) fn of_kind(&self, kind: &str) -> Vec<&Value> {
        self.0.iter().filter(|line| line["record"] == kind).collect()
    }

    pub(super) fn count(&self, kind: &str) -> u64 {
        self.kinds()[kind]["count"].as_u64().unwrap()
    }
}
