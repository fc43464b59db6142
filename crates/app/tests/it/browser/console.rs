//! What the browser tells developers.

use serde_json::{Value, json};

use crate::browser::person::Browser;

/// That an answer was no success, and how forms could serve password managers better, is no complaint.
const HINTS: [&str; 2] = ["network", "recommendation"];

/// Beyond that it says how the policy could be weakened.
const LONGEST: usize = 200;

impl Browser {
    /// What it has complained of since it was last asked.
    pub(in crate::browser) async fn complaints(&self) -> Vec<String> {
        let log = self.session().command("se/log", &json!({"type": "browser"})).await.unwrap();
        let is_hint = |entry: &&Value| HINTS.iter().any(|source| entry["source"] == *source);
        let complaints = log.as_array().unwrap().iter().filter(|entry| !is_hint(entry));
        let told = complaints.map(|entry| format!("{}: {}", entry["source"], entry["message"]));
        told.map(|complaint| complaint.chars().take(LONGEST).collect()).collect()
    }
}
