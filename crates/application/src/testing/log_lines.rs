//! What is said in the log of the audit trail.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// A subscriber that collects the fields of every line of the target `audit`.
#[derive(Clone, Default)]
pub(crate) struct LogLines(Arc<Mutex<Vec<(&'static str, String)>>>);

impl LogLines {
    /// Names and values, in order.
    pub(crate) fn fields(&self) -> Vec<(&'static str, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What happened, in order.
    pub(crate) fn events(&self) -> Vec<String> {
        self.fields().into_iter().filter(|(name, _)| *name == "event").map(|(_, value)| value).collect()
    }
}

impl Visit for LogLines {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let line = (field.name(), format!("{value:?}").trim_matches('"').to_owned());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

impl Subscriber for LogLines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "audit"
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
