//! The figures of the service, for Prometheus. Adapters count by the facade `metrics`, which does nothing until the
//! recorder is installed here; what can be asked for at any time is asked for when the page is made.

pub(crate) mod audit_counter;
mod catalogue;
mod outbox;
mod process;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use countersign_application::mail::deliver_outbox::DeliveryReport;
use countersign_application::ports::clock::Clock;
use countersign_infrastructure::persistence::Database;
use countersign_infrastructure::redis::RedisPool;
use countersign_infrastructure::security::BcryptHasher;
use metrics::{counter, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use time::OffsetDateTime;

pub(crate) use crate::metrics::outbox::{OUTBOX_PAUSE, sample_outbox};

/// How often what was timed is moved into the histograms' buckets: until then each value takes room of its own.
pub(crate) const UPKEEP_PAUSE: Duration = Duration::from_secs(5);

/// From a lookup in a cache to a login in a queue.
const REQUEST_SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
/// From the cheapest cost to the dearest, on a slow machine.
const HASHING_SECONDS: &[f64] = &[0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2, 2.0, 4.0];

/// The installed recorder.
#[derive(Clone)]
pub(crate) struct Metrics {
    recorder: PrometheusHandle,
    started: OffsetDateTime,
}

impl Metrics {
    /// Installs the recorder. What was made before and keeps a handle counts for nothing, so this comes first.
    pub(crate) fn install(clock: &dyn Clock) -> anyhow::Result<Self> {
        let buckets = |builder: PrometheusBuilder, name: &str, seconds| {
            builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), seconds)
        };
        let builder = buckets(PrometheusBuilder::new(), "countersign_http_request_duration_seconds", REQUEST_SECONDS)?;
        let builder = buckets(builder, "countersign_hashing_duration_seconds", HASHING_SECONDS)?;
        let recorder = builder.install_recorder().context("cannot count metrics")?;
        catalogue::describe();
        start_at_zero();
        gauge!("countersign_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        Ok(Self { recorder, started: clock.now() })
    }

    /// What makes the page.
    pub(crate) fn page(
        &self,
        database: Database,
        hasher: Arc<BcryptHasher>,
        redis: Option<RedisPool>,
    ) -> Arc<dyn Fn() -> String + Send + Sync> {
        let metrics = self.clone();
        Arc::new(move || {
            sample(&database, &hasher);
            if let Some(redis) = &redis {
                gauge!("countersign_redis_up").set(f64::from(u8::from(redis.is_asked())));
            }
            metrics.recorder.render() + &process::exposition(metrics.started)
        })
    }

    /// Keeps the memory of the recorder bounded, also when nobody asks for the page.
    pub(crate) fn upkeep(&self) {
        self.recorder.run_upkeep();
    }
}

/// A rate can only be told from a first value on.
fn start_at_zero() {
    audit_counter::start_at_zero();
    count_mails(DeliveryReport::default());
    counter!("countersign_hashing_refused_total").increment(0);
}

/// Counts what came of a batch; decoys are nobody's mail.
pub(crate) fn count_mails(report: DeliveryReport) {
    for (outcome, mails) in [("sent", report.sent), ("retried", report.retried), ("dead", report.dead)] {
        counter!("countersign_mails_total", "outcome" => outcome).increment(mails.into());
    }
}

fn sample(database: &Database, hasher: &BcryptHasher) {
    let connections = database.connections();
    gauge!("countersign_database_connections", "state" => "busy").set(connections.busy);
    gauge!("countersign_database_connections", "state" => "idle").set(connections.idle);
    gauge!("countersign_database_connections_max").set(connections.most);
    gauge!("countersign_hashing_queue_depth").set(whole(hasher.queued()));
    gauge!("countersign_hashing_running").set(whole(hasher.running()));
}

/// For gauges, which are floating-point numbers.
fn whole(number: usize) -> f64 {
    u32::try_from(number).unwrap_or(u32::MAX).into()
}
