//! The list of all metrics. What is exposed and docs/metrics.md are held to it by tests.

use metrics::{describe_counter, describe_gauge, describe_histogram};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A metric as people see it.
struct Metric {
    name: &'static str,
    kind: Kind,
    #[cfg_attr(not(test), expect(dead_code, reason = "the documentation is held to it by a test"))]
    labels: &'static [&'static str],
    #[cfg_attr(not(test), expect(dead_code, reason = "the documentation is held to it by a test"))]
    unit: &'static str,
    meaning: &'static str,
}

const fn metric(
    name: &'static str,
    kind: Kind,
    labels: &'static [&'static str],
    unit: &'static str,
    meaning: &'static str,
) -> Metric {
    Metric { name, kind, labels, unit, meaning }
}

/// Every metric, in the order of the documentation.
const METRICS: &[Metric] = &[
    metric(
        "countersign_http_requests_total",
        Kind::Counter,
        &["method", "route", "status"],
        "requests",
        "Answered requests. The route is its pattern, or unmatched; a method that is not of HTTP is other.",
    ),
    metric(
        "countersign_http_request_duration_seconds",
        Kind::Histogram,
        &["route"],
        "seconds",
        "From the head of a request to the head of its answer.",
    ),
    metric(
        "countersign_hashing_queue_depth",
        Kind::Gauge,
        &[],
        "jobs",
        "Passwords that wait to be hashed or compared.",
    ),
    metric("countersign_hashing_running", Kind::Gauge, &[], "jobs", "Passwords that are being hashed or compared."),
    metric(
        "countersign_hashing_duration_seconds",
        Kind::Histogram,
        &[],
        "seconds",
        "Work on one password, without its wait in the queue.",
    ),
    metric(
        "countersign_hashing_refused_total",
        Kind::Counter,
        &[],
        "jobs",
        "Passwords that were not hashed because the queue was full; each is an answer 503.",
    ),
    metric(
        "countersign_database_connections",
        Kind::Gauge,
        &["state"],
        "connections",
        "Connections of the pool, busy or idle.",
    ),
    metric(
        "countersign_database_connections_max",
        Kind::Gauge,
        &[],
        "connections",
        "How many connections the pool may have.",
    ),
    metric(
        "countersign_replica_up",
        Kind::Gauge,
        &[],
        "none",
        "1, or 0 while lists are read from the primary, for the replica is away, too far behind, or none of this database. Only where database.replica_url is set.",
    ),
    metric(
        "countersign_replica_lag_seconds",
        Kind::Gauge,
        &[],
        "seconds",
        "How old what the replica has may be, to the second; it grows while the replica is away. Only where database.replica_url is set.",
    ),
    metric(
        "countersign_replica_reads_total",
        Kind::Counter,
        &["source"],
        "lists",
        "Lists that may be read from the replica, by where they were read: replica, or primary. Only where database.replica_url is set.",
    ),
    metric(
        "countersign_cache_requests_total",
        Kind::Counter,
        &["cache", "outcome"],
        "lookups",
        "Lookups in the caches: hit, or miss.",
    ),
    metric(
        "countersign_redis_up",
        Kind::Gauge,
        &[],
        "none",
        "1, or 0 while Redis is given up: five calls in a row have failed, or one answer said that it takes no writes (it is full, or a replica now), and none has succeeded since; of a cluster, those to one of its masters. Only where redis.url is set.",
    ),
    metric(
        "countersign_redis_failures_total",
        Kind::Counter,
        &[],
        "calls",
        "Calls to Redis without an answer in time, or refused. Those left out while it is given up are none. Only where redis.url is set.",
    ),
    metric(
        "countersign_outbox_messages",
        Kind::Gauge,
        &["state"],
        "mails",
        "Mails that are queued, and dead ones that are not purged yet; 1000 is 1000 or more. Of dead ones the newest 1000 are looked at, and those withdrawn are left out. Asked every 15 seconds.",
    ),
    metric(
        "countersign_outbox_oldest_seconds",
        Kind::Gauge,
        &[],
        "seconds",
        "How long the oldest queued mail has waited; 0 if there is none, NaN while the clock of the node is off. Asked every 15 seconds.",
    ),
    metric(
        "countersign_mails_total",
        Kind::Counter,
        &["outcome"],
        "mails",
        "Attempts by this node: sent, retried (not taken yet), or dead (given up).",
    ),
    metric(
        "countersign_rate_limit_refusals_total",
        Kind::Counter,
        &["limit"],
        "requests",
        "Refusals by a named limit, or by the flood guard (flood).",
    ),
    metric(
        "countersign_logins_total",
        Kind::Counter,
        &["outcome"],
        "logins",
        "Logins that succeeded, and refused ones by the reason that only the audit trail has.",
    ),
    metric(
        "countersign_sessions_ended_total",
        Kind::Counter,
        &["reason"],
        "events",
        "Events that ended one or more sessions; the reason is the kind of the audit event. Expiry is none.",
    ),
    metric(
        "countersign_audit_events_total",
        Kind::Counter,
        &["event"],
        "events",
        "Audit events of this node, by kind.",
    ),
    metric(
        "countersign_tls_certificate_expiration_timestamp_seconds",
        Kind::Gauge,
        &[],
        "seconds",
        "When the first certificate of the chain that new connections are shown ends, since 1970. Only where server.tls_cert is set.",
    ),
    metric("countersign_build_info", Kind::Gauge, &["version"], "none", "Always 1; tells the version."),
    metric("process_start_time_seconds", Kind::Gauge, &[], "seconds", "When the process started, since 1970."),
    metric("process_cpu_seconds_total", Kind::Counter, &[], "seconds", "Processor time used. Linux only."),
    metric("process_resident_memory_bytes", Kind::Gauge, &[], "bytes", "Resident memory. Linux only."),
    metric("process_virtual_memory_bytes", Kind::Gauge, &[], "bytes", "Virtual memory. Linux only."),
    metric("process_threads", Kind::Gauge, &[], "threads", "Threads. Linux only."),
    metric("process_open_fds", Kind::Gauge, &[], "descriptors", "Open file descriptors. Linux only."),
    metric("process_max_fds", Kind::Gauge, &[], "descriptors", "Most open file descriptors. Linux only."),
];

/// Tells the installed recorder what each means.
pub(crate) fn describe() {
    for Metric { name, kind, meaning, .. } in METRICS {
        match kind {
            Kind::Counter => describe_counter!(*name, *meaning),
            Kind::Gauge => describe_gauge!(*name, *meaning),
            Kind::Histogram => describe_histogram!(*name, *meaning),
        }
    }
}

/// One value in the text form, for what does not go through the recorder.
pub(crate) fn exposition(name: &str, value: &str) -> String {
    let Some(metric) = METRICS.iter().find(|metric| metric.name == name) else { return String::new() };
    format!("# HELP {name} {}\n# TYPE {name} {}\n{name} {value}\n\n", metric.meaning, metric.kind.as_str())
}

#[cfg(test)]
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    METRICS.iter().map(|metric| metric.name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const REFERENCE: &str = include_str!("../../../../docs/metrics.md");

    fn row(Metric { name, kind, labels, unit, meaning }: &Metric) -> String {
        let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        let labels = if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
        format!("| `{name}` | {} | {labels} | {unit} | {meaning} |", kind.as_str())
    }

    #[test]
    fn the_documentation_has_a_row_for_every_metric_and_no_other() {
        let rows: BTreeSet<String> = METRICS.iter().map(row).collect();
        assert_eq!(rows.len(), METRICS.len(), "no metric stands twice in the catalogue");
        let written: BTreeSet<String> =
            REFERENCE.lines().filter(|line| line.starts_with("| `")).map(str::to_owned).collect();
        let missing: Vec<_> = rows.difference(&written).collect();
        let stale: Vec<_> = written.difference(&rows).collect();
        assert!(missing.is_empty() && stale.is_empty(), "missing: {missing:#?}\nstale: {stale:#?}");
    }
}
