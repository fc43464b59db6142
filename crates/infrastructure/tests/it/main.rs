//! Tests of the adapters against the contracts of their ports.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test that cannot go on fails")]

mod contract;
mod mail;
mod moving;
mod persistence;
mod redis;
mod secret_keys;
mod statement_counts;
