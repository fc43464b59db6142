//! Adapters of the ports that the application layer names.

pub mod persistence;
pub mod security;
pub mod system;
