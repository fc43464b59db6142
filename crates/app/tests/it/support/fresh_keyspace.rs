//! A Redis database of a test's own.

use std::process::{Command, Stdio};

/// Numbers that are handed out: as many as `scripts/test` starts its server with, without that of whoever else uses it.
const NUMBERS: u64 = 4095;

/// A numbered database on the Redis of the tests. Dropping it empties it.
#[derive(Debug)]
pub(crate) struct FreshKeyspace {
    url: String,
}

impl FreshKeyspace {
    /// The next one, in turn: it was given back long ago.
    pub(crate) fn next(server: &str) -> Self {
        let taken = ask(server, &["INCR", "countersign_it:keyspaces"]);
        let taken: u64 = taken.parse().unwrap_or_else(|_| panic!("TEST_REDIS_URL answers {taken}"));
        let url = format!("{}/{}", server.trim_end_matches('/'), taken % NUMBERS + 1);
        let emptied = ask(&url, &["FLUSHDB"]);
        assert_eq!(emptied, "OK", "the server of TEST_REDIS_URL has to have --databases {}", NUMBERS + 1);
        Self { url }
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }
}

impl Drop for FreshKeyspace {
    fn drop(&mut self) {
        ask(&self.url, &["FLUSHDB"]);
    }
}

fn ask(url: &str, words: &[&str]) -> String {
    let mut command = Command::new("redis-cli");
    command.args(["-u", url]).args(words).stdin(Stdio::null());
    let said = command.output().unwrap_or_else(|error| panic!("redis-cli: {error}"));
    String::from_utf8_lossy(&if said.stdout.is_empty() { said.stderr } else { said.stdout }).trim().to_owned()
}
