//! Adapters of the ports that the application layer names.

#![deny(missing_docs)]

pub mod cache;
mod home_runtime;
pub mod mail;
pub mod moving;
pub mod persistence;
pub mod rate_limit;
pub mod redis;
pub mod security;
pub mod system;
