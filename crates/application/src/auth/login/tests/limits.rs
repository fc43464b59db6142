//! What is counted, and what a limit stops.

use std::sync::{Arc, Mutex};

use crate::auth::login::tests::{command, log_in, mocks, unit_of_work};
use crate::auth::login::*;
use crate::error::{Classify, Kind};
use crate::ports::password_hasher::{MockPasswordHasher, PasswordVerdict};
use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
use crate::testing::log_lines::LogLines;
use crate::testing::{Mocks, PASSWORD, credentials, origin, password_hasher, user_id};
use crate::time_padding::tests::steps_of;

/// Counts what the limiter was asked, by limit: acquired and refunded.
fn counting_limiter(counts: &Arc<Mutex<Vec<String>>>) -> MockRateLimiter {
    let mut limiter = MockRateLimiter::new();
    let acquired = Arc::clone(counts);
    limiter.expect_acquire().returning(move |hit| {
        acquired.lock().unwrap().push(format!("+{}", hit.rule.name));
        LimitVerdict::Allowed
    });
    let refunded = Arc::clone(counts);
    limiter.expect_refund().returning(move |hit| refunded.lock().unwrap().push(format!("-{}", hit.rule.name)));
    limiter
}

#[tokio::test]
async fn failures_count_and_a_success_is_refunded_on_the_account_alone() {
    let counts = Arc::default();
    let failing = Mocks { rate_limiter: counting_limiter(&counts), ..mocks() };
    log_in(failing, command("another password")).await.unwrap_err();
    assert_eq!(*counts.lock().unwrap(), ["+login_ip", "+login_account"]);

    let counts = Arc::default();
    let mut succeeding = Mocks { rate_limiter: counting_limiter(&counts), ..mocks() };
    succeeding.stage(unit_of_work(Some(credentials(1))));
    log_in(succeeding, command(PASSWORD)).await.unwrap();
    assert_eq!(*counts.lock().unwrap(), ["+login_ip", "+login_account", "-login_account"]);
}

#[tokio::test]
async fn an_inactive_accounts_right_password_counts_as_a_failure_too() {
    let counts = Arc::default();
    let mut mocks = Mocks { password_hasher: password_hasher(), ..Mocks::default() };
    mocks.rate_limiter = counting_limiter(&counts);
    mocks.networks.expect_knows().returning(|_, _| Ok(false));
    mocks.credentials.expect_find_by_email().returning(|_| {
        let mut found = credentials(1);
        found.user.is_active = false;
        Ok(Some(found))
    });
    log_in(mocks, command(PASSWORD)).await.unwrap_err();
    assert_eq!(*counts.lock().unwrap(), ["+login_ip", "+login_account"]);
}

#[tokio::test]
async fn a_network_that_signed_in_before_has_its_own_counter() {
    let counts = Arc::default();
    let mut mocks = Mocks { password_hasher: password_hasher(), ..Mocks::default() };
    mocks.rate_limiter = counting_limiter(&counts);
    mocks.networks.expect_knows().withf(|_, n| n.to_string() == "192.0.2.0/24").returning(|_, _| Ok(true));
    mocks.credentials.expect_find_by_email().returning(|_| Ok(Some(credentials(1))));
    log_in(mocks, command("another password")).await.unwrap_err();
    assert_eq!(*counts.lock().unwrap(), ["+login_ip", "+login_account_home"]);
}

#[tokio::test(start_paused = true)]
async fn a_reached_limit_stops_even_the_right_password_before_it_is_compared() {
    // What a network may ask has nothing to do with the address.
    for (limit, waits) in [("login_ip", 0), ("login_account", 1)] {
        let mut mocks = Mocks::default();
        mocks.networks.expect_knows().returning(|_, _| Ok(false));
        mocks.credentials.expect_find_by_email().returning(|_| Ok(Some(credentials(1))));
        let mut limiter = MockRateLimiter::new();
        limiter.expect_acquire().returning(move |hit| {
            let retry_after = time::Duration::seconds(9);
            if hit.rule.name == limit { LimitVerdict::Refused { retry_after } } else { LimitVerdict::Allowed }
        });
        mocks.rate_limiter = limiter;
        let (steps, answer) = steps_of(log_in(mocks, command(PASSWORD))).await;
        let error = answer.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Limited, "rate_limited"), "{limit}");
        assert_eq!(steps, waits, "{limit}");
        assert_eq!(error.retry_after(), Some(time::Duration::seconds(9)));
    }
}

#[tokio::test]
async fn a_full_hashing_queue_is_no_failed_attempt() {
    let counts = Arc::default();
    let mut mocks = mocks();
    mocks.rate_limiter = counting_limiter(&counts);
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify().returning(|_, _| Err(Fault::unavailable("password hashing", "full")));
    mocks.password_hasher = hasher;
    let error = log_in(mocks, command(PASSWORD)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert_eq!(*counts.lock().unwrap(), ["+login_ip", "+login_account", "-login_account"]);
}

/// A hasher that never comes to a verdict.
struct Busy;

#[async_trait::async_trait]
impl PasswordHasher for Busy {
    async fn hash(&self, _: &str) -> Result<PasswordHash, Fault> {
        std::future::pending().await
    }
    async fn verify(&self, _: &PresentedPassword, _: Option<PasswordHash>) -> Result<PasswordVerdict, Fault> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_guess_whose_client_leaves_before_the_verdict_does_not_count_for_the_account() {
    let counts = Arc::new(Mutex::new(vec![]));
    let mut mocks = mocks();
    mocks.rate_limiter = counting_limiter(&counts);
    let mut dependencies = mocks.into_dependencies();
    dependencies.password_hasher = Arc::new(Busy);
    let (login, origin) = (LogIn::new(&dependencies), origin());
    let mut answering = Box::pin(login.execute(&origin, command("another password")));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(answering.as_mut().poll(&mut context).is_pending());
    assert_eq!(*counts.lock().unwrap(), ["+login_ip", "+login_account"]);
    drop(answering);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(*counts.lock().unwrap(), ["+login_ip", "+login_account", "-login_account"]);
}

/// Refuses by this limit, for the first time within its window or again.
fn refusing(limit: &'static str, first: bool) -> MockRateLimiter {
    let mut limiter = MockRateLimiter::new();
    limiter.expect_acquire().returning(move |hit| {
        if hit.rule.name == limit || (hit.rule.name == "refusal_audited" && !first) {
            return LimitVerdict::Refused { retry_after: time::Duration::SECOND };
        }
        LimitVerdict::Allowed
    });
    limiter
}

#[tokio::test]
async fn guesses_that_a_limit_stops_are_in_the_trail_once_and_in_the_log_each() {
    let arms = [("login_account", Some(user_id(1)), "rate_limited"), ("login_ip", None, "network_limited")];
    for (limit, about, detail) in arms {
        for first in [true, false] {
            let mut mocks = if about.is_some() { mocks() } else { Mocks::default() };
            mocks.password_hasher = MockPasswordHasher::new();
            mocks.rate_limiter = refusing(limit, first);
            let recorded = mocks.recorded.clone();
            let log = LogLines::default();
            let logged = tracing::subscriber::set_default(log.clone());
            assert_eq!(log_in(mocks, command(PASSWORD)).await.unwrap_err().kind(), Kind::Limited);
            drop(logged);
            assert!(log.fields().contains(&("detail", detail.to_owned())), "{limit}, {first}");
            let events = recorded.events();
            let told: Vec<_> = events.iter().map(|e| (e.kind, e.user_id, e.detail.as_deref())).collect();
            let once = [(AuditKind::LoginFailed, about, Some(detail))];
            assert_eq!(told, once[..usize::from(first)], "{limit}");
        }
    }
}
