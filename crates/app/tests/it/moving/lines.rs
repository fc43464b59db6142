//! An export, read.

use std::path::Path;

use serde_json::{Value, json};

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

/// The text of an export with these lines between header and trailer, which is as it should be.
pub(super) fn sealed(header: &Value, records: &[Value]) -> String {
    let mut text = format!("{header}\n");
    let mut kinds = serde_json::Map::new();
    for kind in KINDS {
        let lines: Vec<String> =
            records.iter().filter(|line| line["record"] == kind).map(|line| format!("{line}\n")).collect();
        let of_kind = lines.concat();
        kinds.insert(kind.to_owned(), json!({"count": lines.len(), "sha256": digest(&of_kind)}));
        text.push_str(&of_kind);
    }
    let trailer = json!({"record": "trailer", "kinds": kinds, "sha256": digest(&text)});
    format!("{text}{trailer}\n")
}

const KINDS: [&str; 11] = [
    "user",
    "team",
    "membership",
    "invitation",
    "session",
    "one_time_token",
    "sign_in_network",
    "mail",
    "audit_event",
    "erasure",
    "signing_key",
];

fn digest(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|octet| format!("{octet:02x}")).collect()
}
