//! Moving in and out: docs/moving.md.

mod damage;
mod export;
mod foreign;
mod import;
mod killed;
mod lines;
mod round_trip;
mod scene;
mod schema;
mod target;
