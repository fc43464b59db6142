//! A line about an error says why, all the way down. Lines for people do by themselves; those of JSON have the outermost
//! error alone, which names what is out and not the reason.

use std::error::Error;
use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

const ERROR: &str = "error";
const CAUSES: &str = "causes";

/// Adds the causes of an error to a line of JSON, beside the fields of the event.
pub(crate) struct WithCauses<F>(pub(crate) F);

impl<S, N, F> FormatEvent<S, N> for WithCauses<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut causes = Causes::default();
        // Every line passes here, and most tell of no error.
        if event.metadata().fields().field(ERROR).is_some() {
            event.record(&mut causes);
        }
        if causes.0.is_empty() {
            return self.0.format_event(ctx, writer, event);
        }
        let mut line = String::with_capacity(512);
        self.0.format_event(ctx, Writer::new(&mut line), event)?;
        match line.trim_end().strip_suffix('}') {
            Some(line) => writeln!(writer, "{line},\"{CAUSES}\":{}}}", serde_json::Value::from(causes.0.join(": "))),
            None => writer.write_str(&line),
        }
    }
}

/// What the error of an event came from, the nearest first.
#[derive(Default)]
struct Causes(Vec<String>);

impl Visit for Causes {
    fn record_error(&mut self, field: &Field, error: &(dyn Error + 'static)) {
        if field.name() == ERROR {
            let causes = std::iter::successors(error.source(), |cause| (*cause).source());
            self.0.extend(causes.map(ToString::to_string));
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use countersign_application::error::Fault;

    use super::*;
    use crate::telemetry::logged::logged;

    #[test]
    fn a_line_about_an_error_says_why_all_the_way_down() {
        let lines = logged(|| {
            let pool = Fault::unavailable("pool", "said \"no\"");
            let database = Fault::unavailable("database", pool);
            let request = tracing::error_span!("request", request_id = "trace-1");
            request.in_scope(|| tracing::warn!(error = &database as &dyn Error, n = 1, "not ready"));
        });
        let line = &lines[0];
        assert_eq!(
            (&line["error"], &line["causes"]),
            (&"database is unavailable".into(), &"pool is unavailable: said \"no\"".into())
        );
        assert_eq!((&line["request_id"], &line["n"]), (&"trace-1".into(), &1.into()));
    }

    #[test]
    fn other_lines_are_left_as_they_are() {
        let lines = logged(|| {
            tracing::warn!(error = &std::fmt::Error as &dyn Error, "without a cause");
            tracing::warn!(error = "a text", "no error");
            tracing::warn!(causes = "own", "told");
        });
        let causes: Vec<_> = lines.iter().map(|line| line.get("causes").cloned()).collect();
        assert_eq!(causes, [None, None, Some("own".into())]);
    }
}
