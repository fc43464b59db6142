use countersign_domain::page::{Page, PageRequest};

use super::*;
use crate::ports::audit_log::AuditFilter;
use crate::ports::rate_limiter::MockRateLimiter;
use crate::testing::log_lines::LogLines;
use crate::testing::{Mocks, NOW, Written, origin, team, user_id};

#[test]
fn the_log_names_accounts_by_pseudonym_and_the_client_by_its_network() {
    let trail = Trail::new(&Mocks::default().into_dependencies());
    let event = trail.event(AuditKind::RoleChanged, &origin(), NOW);
    let event = event.by(user_id(1)).about(user_id(2)).in_team(team(1).id).detail("admin");
    let log = LogLines::default();
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
    let logged = log.fields();
    assert_eq!(logged.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>(), expected);
}

#[test]
fn a_refresh_is_said_in_the_log_and_nowhere_else() {
    let mocks = Mocks::default();
    let recorded = mocks.recorded.clone();
    let trail = Trail::new(&mocks.into_dependencies());
    let log = LogLines::default();
    tracing::subscriber::with_default(log.clone(), || {
        trail.announce_refresh(user_id(1), &origin());
        trail.announce_late_refresh(user_id(1), &origin());
    });
    let expected: Vec<_> = ["token_refreshed", "token_given_again"]
        .into_iter()
        .flat_map(|event| {
            [
                ("event", event),
                ("actor", "pseudonym"),
                ("user", "pseudonym"),
                ("network", "192.0.2.0/24"),
                ("request_id", "request"),
            ]
        })
        .collect();
    let logged = log.fields();
    assert_eq!(logged.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>(), expected);
    assert_eq!(recorded.audited(), []);
}

#[test]
fn what_is_not_known_is_not_logged() {
    let trail = Trail::new(&Mocks::default().into_dependencies());
    let event = trail.event(AuditKind::KeyRotated, &Origin::default(), NOW);
    let log = LogLines::default();
    tracing::subscriber::with_default(log.clone(), || trail.announce(&event));
    assert_eq!(*log.fields(), [("event", "key_rotated".to_owned())]);
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
        let log = LogLines::default();
        let logging = tracing::subscriber::set_default(log.clone());
        trail.record_refusal(event.clone()).await.unwrap();
        drop(logging);
        let stored = if verdict == LimitVerdict::Allowed { vec![event] } else { vec![] };
        assert_eq!(recorded.events(), stored);
        assert_eq!(log.fields()[0], ("event", "access_denied".to_owned()));
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

/// An audit log that writes down what is appended once it is told to.
struct Waiting(tokio::sync::Semaphore, Written);

#[async_trait::async_trait]
impl AuditLog for Waiting {
    async fn append(&self, event: &AuditEvent) -> Result<(), Fault> {
        let _told = self.0.acquire().await.map_err(|error| Fault::internal("test", error))?;
        self.1.append(event).await
    }
    async fn list(&self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditEvent>, Fault> {
        self.1.list(filter, page).await
    }
}

#[tokio::test]
async fn a_client_that_leaves_while_an_event_is_stored_leaves_no_event_without_its_line() {
    let log = LogLines::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let written = Written::default();
    let waiting = Arc::new(Waiting(tokio::sync::Semaphore::new(0), written.clone()));
    let mut dependencies = Mocks::default().into_dependencies();
    dependencies.audit = Arc::clone(&waiting) as Arc<dyn AuditLog>;
    let trail = Trail::new(&dependencies);
    let mut answering = Box::pin(trail.record(trail.event(AuditKind::LoginFailed, &origin(), NOW)));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(answering.as_mut().poll(&mut context).is_pending());
    drop(answering);
    waiting.0.add_permits(1);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(log.events(), ["login_failed"]);
    assert_eq!(written.audited(), [AuditKind::LoginFailed]);
}
