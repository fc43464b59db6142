use std::sync::Mutex;

use super::*;
use crate::ports::pseudonymizer::MockPseudonymizer;
use crate::ports::rate_limiter::MockRateLimiter;
use crate::testing::{Mocks, NOW, email, team, user_id};

const ALL: [Limit; 19] = [
    Limit::LoginOfNetwork,
    Limit::LoginOfAccount,
    Limit::LoginOfAccountAtHome,
    Limit::RegisterOfNetwork,
    Limit::RegisterOfAddress,
    Limit::ResetOfNetwork,
    Limit::ResetOfAddress,
    Limit::VerificationOfNetwork,
    Limit::VerificationOfAddress,
    Limit::TokenFailures,
    Limit::InviteOfTeam,
    Limit::InviteOfUser,
    Limit::InviteOfUnverifiedUser,
    Limit::TeamOfUser,
    Limit::ExportOfUser,
    Limit::ProofOfUser,
    Limit::ProofOfUserAtHome,
    Limit::ChangeOfUser,
    Limit::InviteOfAddress,
];

/// Limits over a limiter that answers so, with fingerprints `p(…)`; and the hits that it counted.
fn limits(verdict: LimitVerdict) -> (Limits, Arc<Mutex<Vec<Hit>>>) {
    let counted: Arc<Mutex<Vec<Hit>>> = Arc::default();
    let mut mocks = Mocks { rate_limiter: MockRateLimiter::new(), ..Mocks::default() };
    let log = Arc::clone(&counted);
    mocks.rate_limiter.expect_acquire().returning(move |hit| {
        log.lock().unwrap().push(hit.clone());
        verdict
    });
    mocks.rate_limiter.expect_peek().returning(move |_| verdict);
    let log = Arc::clone(&counted);
    mocks.rate_limiter.expect_refund().returning(move |hit| log.lock().unwrap().retain(|counted| counted.id != hit.id));
    mocks.pseudonymizer = MockPseudonymizer::new();
    mocks.pseudonymizer.expect_fingerprint().returning(|subject| format!("p({})", subject.len()));
    (Limits::new(&mocks.into_dependencies()), counted)
}

async fn subject(of: Subject<'_>) -> String {
    let (limits, counted) = limits(LimitVerdict::Allowed);
    let _kept = limits.acquire(Limit::LoginOfAccount, of, NOW).await.unwrap();
    let counted = counted.lock().unwrap();
    counted[0].subject.clone()
}

#[tokio::test]
async fn no_two_limits_share_a_counter() {
    let (limits, counted) = limits(LimitVerdict::Allowed);
    for limit in ALL {
        let _kept = limits.acquire(limit, Subject::User(user_id(1)), NOW).await.unwrap();
    }
    let mut names: Vec<_> = counted.lock().unwrap().iter().map(|hit| hit.rule.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ALL.len());
}

#[tokio::test]
async fn figures_and_windows_are_those_of_the_policy() {
    let (limits, counted) = limits(LimitVerdict::Allowed);
    for limit in ALL {
        let _kept = limits.acquire(limit, Subject::User(user_id(1)), NOW).await.unwrap();
    }
    let rules: Vec<_> = counted.lock().unwrap().iter().map(|hit| (hit.rule.max, hit.rule.window)).collect();
    let (minute, hour, day) = (Duration::MINUTE, Duration::HOUR, Duration::DAY);
    assert_eq!(
        rules,
        [
            (10, minute),
            (20, hour),
            (20, hour),
            (20, hour),
            (3, hour),
            (20, hour),
            (3, hour),
            (20, hour),
            (3, hour),
            (30, minute),
            (50, hour),
            (200, day),
            (5, day),
            (200, hour),
            (10, day),
            (30, hour),
            (30, hour),
            (300, hour),
            (20, day),
        ]
    );
}

#[tokio::test]
async fn a_limit_of_zero_is_off_and_asks_nobody() {
    let mut mocks = Mocks::default();
    mocks.policy.limits.login_per_minute_per_ip = 0;
    mocks.rate_limiter = MockRateLimiter::new();
    let limits = Limits::new(&mocks.into_dependencies());
    let attempt = limits.acquire(Limit::LoginOfNetwork, Subject::Network(None), NOW).await.unwrap();
    limits.refund(attempt).await;
    assert_eq!(limits.check(Limit::LoginOfNetwork, Subject::Network(None), NOW).await, Ok(()));
}

#[tokio::test]
async fn a_refusal_names_the_limit_and_says_when_to_try_again() {
    let (limits, _) = limits(LimitVerdict::Refused { retry_after: Duration::seconds(42) });
    let exceeded = LimitExceeded { limit: "login_ip", retry_after: Duration::seconds(42) };
    assert_eq!(limits.check(Limit::LoginOfNetwork, Subject::Network(None), NOW).await, Err(exceeded));
    let refused = limits.acquire(Limit::LoginOfNetwork, Subject::Network(None), NOW).await;
    assert_eq!(refused.err(), Some(exceeded));
    assert_eq!((exceeded.kind(), exceeded.retry_after()), (Kind::Limited, Some(Duration::seconds(42))));
}

#[tokio::test]
async fn a_check_counts_nothing_and_a_refund_takes_back_what_was_counted() {
    let (limits, counted) = limits(LimitVerdict::Allowed);
    limits.check(Limit::TokenFailures, Subject::Network(None), NOW).await.unwrap();
    assert!(counted.lock().unwrap().is_empty());
    let kept = limits.acquire(Limit::TokenFailures, Subject::Network(None), NOW).await.unwrap();
    let taken_back = limits.acquire(Limit::TokenFailures, Subject::Network(None), NOW).await.unwrap();
    limits.refund(taken_back).await;
    assert_eq!(counted.lock().unwrap().iter().map(|hit| Some(hit.id)).collect::<Vec<_>>(), [kept.hit.map(|h| h.id)]);
}

#[tokio::test]
async fn a_network_of_one_client_is_one_subject() {
    let of = |ip: &str| Subject::Network(Some(ip.parse().unwrap()));
    assert_eq!(subject(of("2001:db8::1")).await, subject(of("2001:db8::ffff:2")).await);
    assert_eq!(subject(of("::ffff:192.0.2.7")).await, subject(of("192.0.2.7")).await);
    assert_ne!(subject(of("192.0.2.7")).await, subject(of("192.0.2.8")).await);
    assert_eq!(subject(Subject::Network(None)).await, "unknown");
}

#[tokio::test]
async fn an_address_is_counted_under_a_fingerprint_only() {
    let address = email("own@example.com");
    assert_eq!(subject(Subject::Address(&address)).await, "p(15)");
    let home = subject(Subject::AddressAt(&address, Some("192.0.2.7".parse().unwrap()))).await;
    assert_eq!(home, "p(28)", "of the address and its /24");
    assert_eq!(home, subject(Subject::AddressAt(&address, Some("192.0.2.200".parse().unwrap()))).await);
}

#[tokio::test]
async fn teams_and_accounts_are_counted_by_id() {
    assert_eq!(subject(Subject::Team(team(1).id)).await, team(1).id.to_string());
    assert_eq!(subject(Subject::User(user_id(1))).await, user_id(1).to_string());
    let home = subject(Subject::UserAt(user_id(1), Some("192.0.2.7".parse().unwrap()))).await;
    assert_eq!(home, "p(49)", "of the id and its /24, under a fingerprint");
}

#[tokio::test]
async fn an_attempt_whose_client_left_is_taken_back_and_a_failure_is_not() {
    let refunds = Arc::new(Mutex::new(vec![]));
    let mut limiter = MockRateLimiter::new();
    limiter.expect_acquire().returning(|_| LimitVerdict::Allowed);
    let refunded = Arc::clone(&refunds);
    limiter.expect_refund().returning(move |hit| refunded.lock().unwrap().push(hit.id));
    let limits = Limits::new(&Mocks { rate_limiter: limiter, ..Mocks::default() }.into_dependencies());
    let attempt = async || limits.acquire(Limit::LoginOfAccount, Subject::Network(None), NOW).await.unwrap();
    limits.until_judged(attempt().await).keep();
    drop(limits.until_judged(attempt().await));
    limits.until_judged(attempt().await).refund().await;
    let id = |n: u128| uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n);
    assert_eq!(*refunds.lock().unwrap(), [id(2), id(3)]);
}

#[tokio::test]
async fn what_a_request_counted_is_taken_back_before_it_is_handled_again() {
    let (limits, counted) = limits(LimitVerdict::Allowed);
    let before = limits.acquire(Limit::TeamOfUser, Subject::User(user_id(2)), NOW).await.unwrap();
    let hits = CountedHits::default();
    for _ in 0..3 {
        hits.take_back().await;
        let handling = async {
            let _kept = limits.acquire(Limit::TeamOfUser, Subject::User(user_id(1)), NOW).await.unwrap();
            assert!(limits.is_first_refusal(Limit::TeamOfUser, Subject::User(user_id(1)), NOW).await);
        };
        hits.of(handling).await;
        let names: Vec<_> = counted.lock().unwrap().iter().map(|hit| hit.rule.name).collect();
        assert_eq!(names, ["team_user", "team_user", "refusal_audited"]);
    }
    hits.take_back().await;
    assert_eq!(counted.lock().unwrap().iter().map(|hit| Some(hit.id)).collect::<Vec<_>>(), [before.hit.map(|h| h.id)]);
}

#[tokio::test]
async fn the_first_refusal_within_a_window_is_told_apart_by_limit_and_subject() {
    let (limits, counted) = limits(LimitVerdict::Allowed);
    assert!(limits.is_first_refusal(Limit::LoginOfAccount, Subject::User(user_id(1)), NOW).await);
    let counted = counted.lock().unwrap();
    let Hit { rule, subject, .. } = &counted[0];
    assert_eq!(*rule, LimitRule { name: "refusal_audited", max: 1, window: Duration::HOUR });
    assert_eq!(*subject, format!("login_account {}", user_id(1)));
}
