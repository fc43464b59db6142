//! Hands batches of spans to the collector.

use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prost::Message as _;
use tokio::runtime::{Builder, Runtime};

use crate::telemetry::traces::collector::{Collector, CollectorError};

/// Works on the thread of the queue, and waits there. A batch that is not taken is lost: a collector that is away costs
/// traces, and nothing else.
pub(crate) struct CollectorExporter {
    collector: Collector,
    resource: ResourceAttributesWithSchema,
    is_failing: AtomicBool,
}

impl CollectorExporter {
    /// To this collector.
    pub(crate) fn new(collector: Collector) -> Self {
        Self { collector, resource: ResourceAttributesWithSchema::default(), is_failing: AtomicBool::new(false) }
    }

    /// Says it once when it begins and once when it ends.
    fn tell(&self, outcome: Result<(), &CollectorError>) {
        let was_failing = self.is_failing.swap(outcome.is_err(), Ordering::Relaxed);
        match outcome {
            Err(error) if !was_failing => tracing::warn!(
                error = error as &dyn Error,
                "the collector does not take traces; until it does they are lost, and nothing else is"
            ),
            Ok(()) if was_failing => tracing::info!("the collector takes traces again"),
            _ => {}
        }
    }

    fn send(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let octets = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        let runtime = runtime().map_err(|error| OTelSdkError::InternalFailure(error.to_string()))?;
        let outcome = runtime.block_on(self.collector.post(octets));
        // A name that is still being looked up is not waited for.
        runtime.shutdown_background();
        self.tell(outcome.as_ref().copied());
        outcome.map_err(|error| OTelSdkError::InternalFailure(error.to_string()))
    }
}

/// One for each batch: it costs some microseconds every other second, on the one thread that waits for the collector.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

impl SpanExporter for CollectorExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.send(batch)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

impl fmt::Debug for CollectorExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectorExporter").field("is_failing", &self.is_failing).finish_non_exhaustive()
    }
}
