//! What the log of JSON has in it, for tests.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::telemetry::causes::WithCauses;
use crate::telemetry::request_line::{RequestField, RequestLine};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Every line of what was done.
pub(crate) fn logged(log: impl FnOnce()) -> Vec<Value> {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(move || writer.clone())
        .fmt_fields(RequestField)
        .map_event_format(RequestLine)
        .map_event_format(WithCauses)
        .finish();
    tracing::subscriber::with_default(subscriber, log);
    let octets = lines.0.lock().unwrap().clone();
    String::from_utf8(octets).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
