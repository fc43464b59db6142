//! Moving in and out: docs/moving.md.

mod export;
mod lines;
mod scene;
mod schema;
