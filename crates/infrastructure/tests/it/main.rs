//! Tests of the adapters against the contracts of their ports.

mod contract;
mod persistence;
