//! Every line that is logged within a request carries its id, whoever logs it.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

const REQUEST_ID: &str = "request_id";

/// Adds the id of the request to a line of JSON, beside the fields of the event: one name to search for, also where
/// the event knows nothing of requests. What says an id by itself is left as it is.
pub(crate) struct RequestLine<F>(pub(crate) F);

impl<S, F> FormatEvent<S, RequestField> for RequestLine<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    F: FormatEvent<S, RequestField>,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, RequestField>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let scope = if names_request(event.metadata()) { None } else { ctx.event_scope() };
        let Some(request) = scope.and_then(|mut spans| spans.find(|span| names_request(span.metadata()))) else {
            return self.0.format_event(ctx, writer, event);
        };
        let mut line = String::with_capacity(512);
        self.0.format_event(ctx, Writer::new(&mut line), event)?;
        let extensions = request.extensions();
        match (line.trim_end().strip_suffix('}'), extensions.get::<FormattedFields<RequestField>>()) {
            (Some(line), Some(field)) => writeln!(writer, "{line},{field}}}"),
            _ => writer.write_str(&line),
        }
    }
}

/// Of the fields of a span the id of the request alone, as a field of a JSON object: each request makes such a span,
/// and nothing else of it is shown.
pub(crate) struct RequestField;

impl<'w> FormatFields<'w> for RequestField {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut visitor = Id { writer, outcome: Ok(()) };
        fields.record(&mut visitor);
        visitor.outcome
    }
}

struct Id<'w> {
    writer: Writer<'w>,
    outcome: fmt::Result,
}

impl Visit for Id<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == REQUEST_ID {
            self.outcome = write!(self.writer, "\"{REQUEST_ID}\":{}", serde_json::Value::from(value));
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

fn names_request(metadata: &Metadata<'_>) -> bool {
    metadata.fields().field(REQUEST_ID).is_some()
}

#[cfg(test)]
mod tests {
    use crate::telemetry::logged::logged;

    #[test]
    fn a_line_within_a_request_carries_its_id_at_any_depth() {
        let lines = logged(|| {
            let request = tracing::error_span!("request", request_id = "trace-1");
            request.in_scope(|| {
                tracing::info!(limit = "login", "limit reached");
                tracing::info_span!("inner", n = 1).in_scope(|| tracing::info!("inside"));
            });
        });
        assert_eq!((&lines[0]["request_id"], &lines[0]["limit"]), (&"trace-1".into(), &"login".into()));
        assert_eq!(lines[0]["message"], "limit reached");
        assert_eq!(lines[1]["request_id"], "trace-1");
    }

    #[test]
    fn an_id_of_any_text_leaves_the_line_an_object() {
        let lines = logged(|| {
            let request = tracing::error_span!("request", n = 1, request_id = "a\"b\\c\n");
            request.in_scope(|| tracing::info!("told"));
        });
        assert_eq!((&lines[0]["request_id"], lines[0].get("n")), (&"a\"b\\c\n".into(), None));
    }

    #[test]
    fn a_line_that_names_a_request_itself_names_it_once() {
        let lines = logged(|| {
            let request = tracing::error_span!("request", request_id = "trace-1");
            request.in_scope(|| tracing::info!(request_id = "own", "told"));
        });
        assert_eq!(lines[0]["request_id"], "own");
    }

    #[test]
    fn other_lines_are_left_as_they_are() {
        let lines = logged(|| {
            tracing::info!("outside");
            tracing::info_span!("step", worker = "outbox").in_scope(|| tracing::info!("beside"));
        });
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.get("request_id").is_none() && line.get("worker").is_none()));
    }
}
