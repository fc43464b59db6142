use std::fmt::Debug;
use std::sync::Mutex;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::*;
use crate::ports::rate_limiter::MockRateLimiter;
use crate::testing::{Mocks, NOW, origin, team, user_id};

/// Collects the fields of every event of the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(&'static str, String)>>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.lock().unwrap().push((field.name(), format!("{value:?}").trim_matches('"').to_owned()));
    }
}

impl Subscriber for Log {
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

#[test]
fn the_log_names_accounts_by_pseudonym_and_the_client_by_its_network() {
    let trail = Trail::new(&Mocks::default().into_dependencies());
    let event = trail.event(AuditKind::RoleChanged, &origin(), NOW);
    let event = event.by(user_id(1)).about(user_id(2)).in_team(team(1).id).detail("admin");
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), || trail.announce(&event));
    let team = team(1).id.to_string();
    let expected = [
        ("event", "role_changed"),
        ("actor", "pseudonym"),
        ("user", "pseudonym"),
        ("team", team.as_str()),
        ("network", "192.0.2.0/24"),
        ("detail", "admin"),
        ("request_id", "request"),
    ];
    let logged = log.0.lock().unwrap();
    assert_eq!(logged.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_not_known_is_not_logged() {
    let trail = Trail::new(&Mocks::default().into_dependencies());
    let event = trail.event(AuditKind::KeyRotated, &Origin::default(), NOW);
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), || trail.announce(&event));
    assert_eq!(*log.0.lock().unwrap(), [("event", "key_rotated".to_owned())]);
}

#[test]
fn an_event_keeps_the_network_but_not_the_address() {
    let trail = Trail::new(&Mocks::default().into_dependencies());
    let event = trail.event(AuditKind::LoginFailed, &origin(), NOW);
    assert_eq!(event.network.map(|network| network.to_string()).as_deref(), Some("192.0.2.0/24"));
    assert_eq!((event.at, event.user_agent, event.request_id), (NOW, origin().user_agent, origin().request_id));
}

#[tokio::test]
async fn a_recorded_event_is_stored() {
    let mocks = Mocks::default();
    let recorded = mocks.recorded.clone();
    let trail = Trail::new(&mocks.into_dependencies());
    let event = trail.event(AuditKind::AccessDenied, &origin(), NOW).by(user_id(1));
    trail.record(event.clone()).await.unwrap();
    assert_eq!(recorded.events(), [event]);
}

#[tokio::test]
async fn refusals_beyond_what_is_stored_are_only_logged() {
    for verdict in [LimitVerdict::Allowed, LimitVerdict::Refused { retry_after: Duration::SECOND }] {
        let mut mocks = Mocks { rate_limiter: MockRateLimiter::new(), ..Mocks::default() };
        mocks.rate_limiter.expect_acquire().times(1).returning(move |hit| {
            assert_eq!((hit.subject.clone(), hit.rule.max), (user_id(1).to_string(), 60));
            verdict
        });
        let recorded = mocks.recorded.clone();
        let trail = Trail::new(&mocks.into_dependencies());
        let event = trail.event(AuditKind::AccessDenied, &origin(), NOW).by(user_id(1));
        let log = Log::default();
        let logging = tracing::subscriber::set_default(log.clone());
        trail.record_refusal(event.clone()).await.unwrap();
        drop(logging);
        let stored = if verdict == LimitVerdict::Allowed { vec![event] } else { vec![] };
        assert_eq!(recorded.events(), stored);
        assert_eq!(log.0.lock().unwrap()[0], ("event", "access_denied".to_owned()));
    }
}

#[tokio::test]
async fn refusals_of_nobody_in_particular_count_for_their_network() {
    let mut mocks = Mocks { rate_limiter: MockRateLimiter::new(), ..Mocks::default() };
    mocks.rate_limiter.expect_acquire().times(1).returning(|hit| {
        assert_eq!(hit.subject, "192.0.2.0/24");
        LimitVerdict::Allowed
    });
    let trail = Trail::new(&mocks.into_dependencies());
    trail.record_refusal(trail.event(AuditKind::TokenRefused, &origin(), NOW)).await.unwrap();
}
