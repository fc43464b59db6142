//! The log: to standard error, one line an event, times in UTC.

mod single_line;

use std::io::{IsTerminal as _, stderr};

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, LogSettings};
use crate::telemetry::single_line::SingleLine;

/// What is no HTTP is an error of whoever sent it, and would be logged as one of the service. A directive for the same
/// target in the settings wins.
const NOT_OURS: &str = "actix_http::h1=off";

/// Starts the log. Commands that answer a person log warnings alone.
pub(crate) fn start(settings: &LogSettings, quiet: bool) -> anyhow::Result<()> {
    let level = if quiet { "warn" } else { &settings.level };
    let filter = EnvFilter::try_new(format!("{NOT_OURS},{level}")).context("log.level")?;
    let terminal = stderr().is_terminal();
    let format = settings.format.unwrap_or(if terminal { LogFormat::Pretty } else { LogFormat::Json });
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false);
    match format {
        LogFormat::Pretty => subscriber.with_ansi(terminal).with_writer(SingleLine::text).try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).with_writer(SingleLine::json).try_init(),
    }
    .map_err(|error| anyhow::anyhow!(error))?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    let message = panic.payload_as_str().unwrap_or("no message");
    tracing::error!(location, panic = message, "panicked");
}
