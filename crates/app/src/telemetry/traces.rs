//! Traces: spans of requests, sent to a collector in batches by a thread of their own.

mod collector;
mod collector_url;
mod exporter;
mod sampler;

use std::time::Duration;

use anyhow::Context as _;
use countersign_application::ports::id_generator::IdGenerator as _;
use countersign_application::spans;
use countersign_infrastructure::system::UuidV7Generator;
use countersign_web::settings::FollowTrace;
use opentelemetry::KeyValue;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, SpanLimits};
use tracing::{Level, Subscriber};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt as _};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

use crate::settings::TelemetrySettings;
use crate::telemetry::traces::collector::Collector;
pub(crate) use crate::telemetry::traces::collector_url::CollectorUrl;
use crate::telemetry::traces::exporter::CollectorExporter;

/// Spans that wait for the collector, at most; more are dropped.
const QUEUE: usize = 4096;
/// Spans that are sent at once.
const BATCH: usize = 512;
/// Spans are sent when there are enough for a batch, or after so long.
const PAUSE: Duration = Duration::from_secs(2);
/// What is left at the end is sent within this time, or lost. Whoever stops the process waits for it
/// (docs/operations.md).
const FLUSH: Duration = Duration::from_secs(3);

/// The way of spans to the collector, open until it is closed.
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// Starts the thread that sends; none if no collector is set. No variable of OpenTelemetry's own is heeded:
    /// everything that they could say is said here.
    pub(crate) fn start(settings: &TelemetrySettings) -> anyhow::Result<Option<Self>> {
        let Some(url) = &settings.collector else { return Ok(None) };
        let collector = Collector::new(url.clone()).context("telemetry.otlp_endpoint")?;
        let queue = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE)
            .with_max_export_batch_size(BATCH)
            .with_scheduled_delay(PAUSE)
            .build();
        let sender = BatchSpanProcessor::builder(CollectorExporter::new(collector)).with_batch_config(queue).build();
        let resource = Resource::builder_empty()
            .with_service_name(settings.service_name.clone())
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_attribute(KeyValue::new("service.instance.id", UuidV7Generator.next_id().to_string()))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_sampler(sampler::of_ratio(settings.sample_ratio))
            .with_span_limits(SpanLimits::default())
            .with_resource(resource)
            .with_span_processor(sender)
            .build();
        Ok(Some(Self(provider)))
    }

    /// Takes the spans that are made for traces, and nothing else.
    pub(crate) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        OpenTelemetryLayer::new(self.0.tracer("countersign"))
            .with_location(false)
            .with_threads(false)
            .with_level(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(Targets::new().with_target(spans::TARGET, Level::INFO))
    }

    /// Sends what is left.
    pub(crate) fn close(&self) {
        if let Err(error) = self.0.shutdown_with_timeout(FLUSH) {
            tracing::warn!(error = &error as &dyn std::error::Error, "the last traces were not sent");
        }
    }
}

/// Puts a span below the one that a `traceparent` (W3C Trace Context) names. What cannot be read is left alone.
pub(crate) fn follow() -> FollowTrace {
    let propagator = TraceContextPropagator::new();
    std::sync::Arc::new(move |span, traceparent| {
        let carrier = std::collections::HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
        let parent = propagator.extract_with_context(&opentelemetry::Context::new(), &carrier);
        // An error says that the span is not traced.
        drop(span.set_parent(parent));
    })
}
