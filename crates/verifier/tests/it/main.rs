//! The crate as another service uses it, against an issuer that does as the test says.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so at once")]

mod extractors;
mod http_issuer;
mod keys;
mod provider;
mod revocation;
mod staged_issuer;
mod tokens;
