//! Counts what the audit trail announces: logins, ended sessions, and events of every kind. It listens to the log,
//! for there every committed event passes, whichever use case it is of; see docs/decisions/0009-metrics.md.

use std::fmt;

use countersign_domain::audit::AuditKind;
use metrics::counter;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

const LOGINS: &str = "countersign_logins_total";
const SUCCEEDED: &str = "succeeded";
const OTHER: &str = "other";
/// Details of a refused sign-in. What is not among them is counted as other, so that a label stays one of a few.
const REFUSALS: [&str; 6] =
    ["unknown_account", "wrong_password", "inactive", "changed_meanwhile", "rate_limited", "network_limited"];

const SESSIONS_ENDED: &str = "countersign_sessions_ended_total";
/// What ends sessions.
const ENDINGS: [AuditKind; 9] = [
    AuditKind::SessionEnded,
    AuditKind::SessionsEnded,
    AuditKind::RefreshTokenReused,
    AuditKind::PasswordReset,
    AuditKind::PasswordChanged,
    AuditKind::EmailChanged,
    AuditKind::UserDeactivated,
    AuditKind::AccountDeleted,
    AuditKind::AccountDisowned,
];

const EVENTS: &str = "countersign_audit_events_total";

/// Listens whatever the level of the log is.
pub(crate) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    AuditCounter.with_filter(Targets::new().with_target("audit", Level::INFO))
}

/// Counts nothing, so that every kind has a value to start from.
pub(crate) fn start_at_zero() {
    for outcome in REFUSALS.into_iter().chain([SUCCEEDED, OTHER]) {
        counter!(LOGINS, "outcome" => outcome).increment(0);
    }
    for kind in ENDINGS {
        counter!(SESSIONS_ENDED, "reason" => kind.as_str()).increment(0);
    }
    for kind in AuditKind::ALL {
        counter!(EVENTS, "event" => kind.as_str()).increment(0);
    }
}

fn count(kind: AuditKind, detail: Option<&str>) {
    counter!(EVENTS, "event" => kind.as_str()).increment(1);
    match kind {
        AuditKind::LoginSucceeded => counter!(LOGINS, "outcome" => SUCCEEDED).increment(1),
        AuditKind::LoginFailed => {
            let known = REFUSALS.into_iter().find(|refusal| Some(*refusal) == detail);
            counter!(LOGINS, "outcome" => known.unwrap_or(OTHER)).increment(1);
        }
        ending if ENDINGS.contains(&ending) => {
            counter!(SESSIONS_ENDED, "reason" => ending.as_str()).increment(1);
        }
        _ => {}
    }
}

struct AuditCounter;

impl<S: Subscriber> Layer<S> for AuditCounter {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut announced = Announced::default();
        event.record(&mut announced);
        if let Some(kind) = announced.kind {
            count(kind, announced.detail.as_deref());
        }
    }
}

#[derive(Default)]
struct Announced {
    kind: Option<AuditKind>,
    detail: Option<String>,
}

impl Visit for Announced {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "event" => self.kind = AuditKind::parse(value),
            "detail" => self.detail = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tracing_subscriber::filter::LevelFilter;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    const ENDED: [&str; 9] = [
        "session_ended",
        "sessions_ended",
        "refresh_token_reused",
        "password_reset",
        "password_changed",
        "email_changed",
        "user_deactivated",
        "account_deleted",
        "account_disowned",
    ];

    #[test]
    fn announced_events_are_counted_by_labels_of_a_few_also_while_nothing_is_logged() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _guard = metrics::set_default_local_recorder(&recorder);
        let announce = |event: &'static str, detail: Option<String>| {
            tracing::info!(target: "audit", event, detail, network = "192.0.2.0/24");
        };
        let silent = tracing_subscriber::fmt::layer().with_filter(LevelFilter::OFF);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(silent).with(layer()), || {
            announce("login_succeeded", None);
            announce("login_failed", Some("wrong_password".to_owned()));
            announce("login_failed", Some("someone@example.org".to_owned()));
            for ending in ENDED {
                announce(ending, None);
            }
            announce("made_up", None);
            tracing::info!(event = "login_succeeded", "of another target");
        });
        let page = recorder.handle().render();
        for told in [
            "logins_total{outcome=\"succeeded\"} 1",
            "logins_total{outcome=\"wrong_password\"} 1",
            "logins_total{outcome=\"other\"} 1",
            "audit_events_total{event=\"login_failed\"} 2",
        ] {
            assert!(page.contains(&format!("countersign_{told}\n")), "{told}: {page}");
        }
        for ending in ENDED {
            assert!(page.contains(&format!("{SESSIONS_ENDED}{{reason=\"{ending}\"}} 1\n")), "{ending}: {page}");
        }
        assert_eq!(page.matches(&format!("\n{SESSIONS_ENDED}{{")).count(), ENDED.len(), "{page}");
        assert!(!page.contains("made_up") && !page.contains("example.org") && !page.contains("192.0.2"), "{page}");
    }
}
