//! The command line: one file for each command.

mod config;
mod create_superuser;
mod doctor;
mod export;
mod health;
mod import;
mod keys;
mod migrate;
mod openapi;
mod progress;
mod serve;
mod usage;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::commands::usage::UsageError;
use crate::settings::{self, Loaded, SettingsError};
use crate::{telemetry, terminal};

/// Authentication and team management as one server.
///
/// Without a command it serves. Settings come from countersign.toml and the environment, see docs/configuration.md.
#[derive(Debug, Parser)]
#[command(version, after_help = "Exit codes: 0 done, 1 failed, 2 the command line or the settings cannot be used.")]
pub(crate) struct CommandLine {
    /// Settings file, instead of ./countersign.toml.
    #[arg(long, short, global = true, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve, which is also the default.
    Serve,
    /// Change the schema of the database, or look at it.
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Check or show the settings.
    #[command(subcommand)]
    Config(config::Config),
    /// Create a superuser, whose address counts as verified. The password is read from standard input.
    CreateSuperuser(create_superuser::CreateSuperuser),
    /// List, rotate or retire the keys that sign access tokens.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Write everything that is stored into a file of JSON Lines, to move it to another database: docs/moving.md.
    Export(export::Export),
    /// Store what an export has, or what another system wrote: docs/moving.md.
    Import(import::Import),
    /// Examine settings, certificate, database, clock, Redis and mail server, and say what to do about what is wrong.
    Doctor,
    /// Print the OpenAPI document.
    Openapi,
    /// Ask the service on this machine whether it is ready: exit code 0 if it is, 1 if not.
    Health,
}

/// Nothing went wrong that a person could do better.
const FAILED: u8 = 1;
/// The command line or the settings cannot be used.
const UNUSABLE: u8 = 2;

/// Runs the command and says how it ended.
pub(crate) fn run(line: CommandLine) -> ExitCode {
    match execute(line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::complain(&format!("countersign: {error:#}"));
            let unusable = error.is::<SettingsError>() || error.is::<UsageError>();
            ExitCode::from(if unusable { UNUSABLE } else { FAILED })
        }
    }
}

fn execute(line: CommandLine) -> anyhow::Result<()> {
    install_tls_provider()?;
    match line.command.unwrap_or(Command::Serve) {
        Command::Openapi => openapi::run(),
        Command::Export(command) if command.is_schema() => export::Export::print_schema(),
        Command::Config(command) => {
            let loaded = settings::load(line.config.as_deref())?;
            loaded.warnings.iter().for_each(|warning| terminal::complain(&format!("countersign: warning: {warning}")));
            command.run(&loaded)
        }
        command => {
            if matches!(command, Command::Serve) {
                calibrate_clock();
            }
            let loaded = settings::load(line.config.as_deref())?;
            let traces = telemetry::start(&loaded.settings, !matches!(command, Command::Serve))?;
            loaded.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
            let runtime = runtime()?;
            let outcome = runtime.block_on(execute_online(command, loaded));
            // A start that failed leaves a server behind that waits for ever to begin.
            runtime.shutdown_background();
            if let Some(traces) = traces {
                traces.close();
            }
            outcome
        }
    }
}

async fn execute_online(command: Command, Loaded { settings, .. }: Loaded) -> anyhow::Result<()> {
    match command {
        Command::Serve => Box::pin(serve::run(settings)).await,
        Command::Migrate(command) => command.run(&settings).await,
        Command::CreateSuperuser(command) => Box::pin(command.run(&settings)).await,
        Command::Keys(command) => Box::pin(command.run(&settings)).await,
        Command::Export(command) => Box::pin(command.run(&settings)).await,
        Command::Import(command) => Box::pin(command.run(&settings)).await,
        Command::Doctor => Box::pin(doctor::run(&settings)).await,
        Command::Health => health::run(&settings).await,
        Command::Openapi | Command::Config(_) => Ok(()),
    }
}

/// Two threads: requests are served on threads of the HTTP server, passwords are hashed on threads of their own.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().context("cannot start the runtime")
}

/// The clock of the figures is measured for a millisecond when it is first asked for: on another core, while this one
/// reads the settings.
fn calibrate_clock() {
    std::thread::spawn(quanta::Clock::new);
}

/// Before anything speaks TLS: rustls panics at the first use if it has to choose between providers.
fn install_tls_provider() -> anyhow::Result<()> {
    let installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    installed.map_err(|_other| anyhow::anyhow!("another TLS provider is installed already"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn without_a_command_it_serves() {
        assert!(CommandLine::try_parse_from(["countersign"]).unwrap().command.is_none());
    }

    #[test]
    fn a_password_is_never_an_argument() {
        let line = ["countersign", "create-superuser", "--email", "a@b.example", "--password", "x"];
        assert!(CommandLine::try_parse_from(line).is_err());
    }
}
