//! The log: to standard error, one line an event, times in UTC. And traces, where a collector is set.

mod causes;
#[cfg(test)]
mod logged;
mod request_line;
mod single_line;
mod traces;

use std::io::{IsTerminal as _, stderr};

use anyhow::Context as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use crate::metrics::audit_counter;
use crate::settings::{LogFormat, Settings};
use crate::telemetry::causes::WithCauses;
use crate::telemetry::request_line::{RequestField, RequestLine};
use crate::telemetry::single_line::SingleLine;

pub(crate) use crate::telemetry::traces::{CollectorUrl, Traces, follow};

/// What is no HTTP is an error of whoever sent it, and would be logged as one of the service. A directive for the same
/// target in the settings wins.
const NOT_OURS: &str = "actix_http::h1=off";

/// What frameworks log of each migration and each worker, at the level of what an operator has to know, and of each
/// connection that an outage of the database takes along: of the outage, whatever it makes fail says more.
const CHATTER: &str = "sea_orm_migration=warn,actix_server=warn,sqlx_core::pool=error,";

/// Spans that are for traces alone.
const OF_TRACES: &str = "countersign_trace=off";

/// Starts the log, and while serving the counters that listen to it, and the traces. Commands that answer a person log
/// warnings alone, and are not traced.
pub(crate) fn start(settings: &Settings, quiet: bool) -> anyhow::Result<Option<Traces>> {
    let traces = if quiet { None } else { Traces::start(&settings.telemetry)? };
    let settings = &settings.log;
    let level = if quiet { "warn" } else { &settings.level };
    let filter = EnvFilter::try_new(directives(level)).context("log.level")?;
    let terminal = stderr().is_terminal();
    let format = settings.format.unwrap_or(if terminal { LogFormat::Pretty } else { LogFormat::Json });
    let lines = fmt::layer().log_internal_errors(false);
    let lines = match format {
        LogFormat::Pretty => lines.with_ansi(terminal).with_writer(SingleLine::text).boxed(),
        LogFormat::Json => {
            let json = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
            let json = json.fmt_fields(RequestField).map_event_format(RequestLine).map_event_format(WithCauses);
            json.with_writer(SingleLine::json).boxed()
        }
    };
    let counters = (!quiet).then(audit_counter::layer);
    let spans = traces.as_ref().map(Traces::layer);
    tracing_subscriber::registry().with(lines.with_filter(filter)).with(counters).with(spans).try_init()?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(traces)
}

fn directives(level: &str) -> String {
    let verbose = level.split(',').any(|directive| matches!(directive.trim(), "debug" | "trace"));
    format!("{NOT_OURS},{OF_TRACES},{}{level}", if verbose { "" } else { CHATTER })
}

fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string);
    let message = panic.payload_as_str().unwrap_or("no message");
    tracing::error!(location, panic = message, "panicked");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_traces_are_left_out_at_every_level() {
        assert_eq!(OF_TRACES.split_once('='), Some((countersign_application::spans::TARGET, "off")));
        assert!(directives("trace").starts_with(&format!("{NOT_OURS},{OF_TRACES},")));
    }

    #[test]
    fn what_frameworks_tell_of_their_work_is_for_those_who_look_closely() {
        assert!(directives("info").contains(CHATTER) && directives("info,sqlx=debug").contains(CHATTER));
        assert!(!directives("debug").contains(CHATTER) && !directives("sqlx=info, trace").contains(CHATTER));
        for level in ["info", "debug", "info,sea_orm_migration=info"] {
            assert!(EnvFilter::try_new(directives(level)).is_ok(), "{level}");
        }
    }
}
