//! Countersign: authentication and team management as one server.
//!
//! [`wiring`] puts the system together, out of [`settings`]; [`commands`] are what it can be told to do.
#![deny(missing_docs)]

mod banner;
mod commands;
mod lifecycle;
mod metrics;
mod settings;
mod shutdown;
mod telemetry;
mod terminal;
mod wiring;
mod workers;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    commands::run(commands::CommandLine::parse())
}
