use std::sync::{Arc, Mutex};

use super::*;
use crate::error::{Classify, Kind};
use crate::ports::password_hasher::{MockPasswordHasher, PasswordVerdict};
use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
use crate::ports::snapshot_cache::{Lookup, MockSnapshotCache};
use crate::testing::log_lines::LogLines;
use crate::testing::{
    Mocks, NOW, PASSWORD, StagedUnitOfWork, Written, credentials, email, origin, password_hasher, presented, session,
    user_id,
};
use crate::time_padding::tests::{left_after_a_moment, steps_of};

fn command(password: &str) -> LogInCommand {
    LogInCommand { email: email("user1@example.com"), password: presented(password) }
}

/// The first account may sign in; each read and the comparison may be made once.
fn mocks() -> Mocks {
    let mut mocks = Mocks { password_hasher: password_hasher(), ..Mocks::default() };
    mocks.networks.expect_knows().times(1).returning(|_, _| Ok(false));
    mocks
        .credentials
        .expect_find_by_email()
        .times(1)
        .returning(|address| Ok(Some(credentials(1)).filter(|found| found.user.email == *address)));
    mocks.memberships.expect_list_active_by_user().returning(|_, _| Ok(vec![]));
    mocks
}

fn unit_of_work(locked: Option<Credentials>) -> StagedUnitOfWork {
    let mut uow = StagedUnitOfWork::default();
    uow.credentials.expect_lock().returning(move |id| Ok(locked.clone().filter(|found| found.user.id == id)));
    uow.sessions.expect_insert().returning(|_| Ok(()));
    uow.sessions.expect_end_oldest().returning(|_, _, _| Ok(vec![]));
    uow.networks.expect_remember().returning(|_, _, _| Ok(()));
    uow
}

async fn log_in(mocks: Mocks, command: LogInCommand) -> Result<Tokens, LogInError> {
    LogIn::new(&mocks.into_dependencies()).execute(&origin(), command).await
}

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

#[tokio::test(start_paused = true)]
async fn the_right_password_opens_a_session_and_waits_for_nothing() {
    let mut mocks = mocks();
    let mut uow = StagedUnitOfWork::default();
    uow.credentials.expect_lock().returning(|id| Ok(Some(credentials(1)).filter(|found| found.user.id == id)));
    uow.sessions
        .expect_insert()
        .withf(|session| session.user_id == user_id(1) && session.epoch == 0 && session.ip == origin().ip)
        .times(1)
        .returning(|_| Ok(()));
    uow.sessions
        .expect_end_oldest()
        .withf(|id, keep, _| *id == user_id(1) && *keep == 100)
        .returning(|_, _, _| Ok(vec![]));
    uow.networks.expect_remember().withf(|id, _, _| *id == user_id(1)).times(1).returning(|_, _, _| Ok(()));
    let written = mocks.stage(uow);

    let (steps, tokens) = steps_of(log_in(mocks, command(PASSWORD))).await;

    let tokens = tokens.unwrap();
    assert_eq!(steps, 0);
    assert_eq!(tokens.access_token.expose(), "access-token");
    assert_eq!(tokens.refresh_expires_in, time::Duration::days(30));
    assert!(written.committed());
    assert_eq!(written.audited(), [AuditKind::LoginSucceeded]);
}

#[tokio::test(start_paused = true)]
async fn unknown_wrong_and_inactive_get_the_same_answer_by_the_same_work() {
    let arms = [
        ("unknown_account", None, None),
        ("wrong_password", Some(credentials(1)), Some(user_id(1))),
        ("inactive", Some(credentials(1)), Some(user_id(1))),
    ];
    for (why, mut found, about) in arms {
        let mut mocks = Mocks { password_hasher: password_hasher(), ..Mocks::default() };
        mocks.networks.expect_knows().times(1).returning(|_, _| Ok(false));
        if let Some(found) = found.as_mut().filter(|_| why == "inactive") {
            found.user.is_active = false;
        }
        mocks.credentials.expect_find_by_email().times(1).return_once(move |_| Ok(found));
        let recorded = mocks.recorded.clone();

        let password = if why == "wrong_password" { "another password" } else { PASSWORD };
        let (steps, answer) = steps_of(log_in(mocks, command(password))).await;

        assert!(matches!(answer, Err(LogInError::InvalidCredentials)), "{why}");
        assert_eq!(steps, 1, "{why}");
        let events = recorded.events();
        assert_eq!(events.len(), 1, "{why}");
        assert_eq!((events[0].kind, events[0].detail.as_deref()), (AuditKind::LoginFailed, Some(why)));
        assert_eq!((events[0].user_id, events[0].actor_id), (about, None), "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_in_the_trail_before_its_answer_waits_for_its_time() {
    let mocks = mocks();
    let recorded = mocks.recorded.clone();
    left_after_a_moment(log_in(mocks, command("another password"))).await;
    assert_eq!(recorded.audited(), [AuditKind::LoginFailed]);
}

#[tokio::test]
async fn an_unknown_address_is_hashed_like_a_known_one() {
    let mut mocks = Mocks::default();
    mocks.networks.expect_knows().returning(|_, _| Ok(false));
    mocks.credentials.expect_find_by_email().returning(|_| Ok(None));
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify().withf(|_, hash| hash.is_none()).times(1).returning(|_, _| Ok(PasswordVerdict::Wrong));
    mocks.password_hasher = hasher;
    log_in(mocks, command(PASSWORD)).await.unwrap_err();
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

#[tokio::test(start_paused = true)]
async fn a_reset_a_deactivation_or_a_new_address_between_comparison_and_session_wins() {
    let [mut reset, mut deactivated, mut moved] = [credentials(1), credentials(1), credentials(1)];
    reset.user.end_sessions(NOW);
    reset.password_hash = PasswordHash::new("another");
    deactivated.user.is_active = false;
    moved.user.change_email(email("new@example.com"), NOW);
    for locked in [Some(reset), Some(deactivated), Some(moved), None] {
        let mut mocks = mocks();
        let recorded = mocks.recorded.clone();
        let mut uow = StagedUnitOfWork::default();
        uow.credentials.expect_lock().return_once(move |_| Ok(locked));
        let written = mocks.stage(uow);
        let (steps, answer) = steps_of(log_in(mocks, command(PASSWORD))).await;
        assert!(matches!(answer, Err(LogInError::InvalidCredentials)));
        assert_eq!(steps, 1);
        assert!(!written.committed());
        assert_eq!(recorded.events()[0].detail.as_deref(), Some("changed_meanwhile"));
    }
}

#[tokio::test]
async fn whoever_ends_the_other_sessions_meanwhile_keeps_nobody_from_signing_in() {
    let mut mocks = mocks();
    let mut locked = credentials(1);
    locked.user.end_sessions(NOW);
    let mut uow = StagedUnitOfWork::default();
    uow.credentials.expect_lock().return_once(move |_| Ok(Some(locked)));
    uow.sessions.expect_insert().withf(|session| session.epoch == 1).times(1).returning(|_| Ok(()));
    uow.sessions.expect_end_oldest().returning(|_, _, _| Ok(vec![]));
    uow.networks.expect_remember().returning(|_, _, _| Ok(()));
    let written = mocks.stage(uow);
    log_in(mocks, command(PASSWORD)).await.unwrap();
    assert!(written.committed());
}

fn outdated_hasher(hash: impl Fn() -> Result<PasswordHash, Fault> + Send + 'static) -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify().returning(|_, _| Ok(PasswordVerdict::RightButOutdated));
    hasher.expect_hash().withf(|text| text == PASSWORD).times(1).returning(move |_| hash());
    hasher
}

#[tokio::test]
async fn an_outdated_hash_is_replaced_while_it_still_is_the_same() {
    let mut mocks = mocks();
    mocks.password_hasher = outdated_hasher(|| Ok(PasswordHash::new("new-hash")));
    let mut uow = unit_of_work(Some(credentials(1)));
    uow.credentials
        .expect_upgrade()
        .withf(|id, former, hash| *id == user_id(1) && former.expose() == "hash" && hash.expose() == "new-hash")
        .times(1)
        .returning(|_, _, _| Ok(true));
    let written = mocks.stage(uow);
    log_in(mocks, command(PASSWORD)).await.unwrap();
    assert!(written.committed());
}

#[tokio::test]
async fn an_upgrade_that_finds_no_room_does_not_fail_the_sign_in() {
    let mut mocks = mocks();
    mocks.password_hasher = outdated_hasher(|| Err(Fault::unavailable("password hashing", "full")));
    mocks.stage(unit_of_work(Some(credentials(1))));
    log_in(mocks, command(PASSWORD)).await.unwrap();
}

#[tokio::test]
async fn sessions_beyond_the_limit_end_on_every_node() {
    let mut mocks = mocks();
    let mut uow = StagedUnitOfWork::default();
    uow.credentials.expect_lock().returning(|_| Ok(Some(credentials(1))));
    uow.sessions.expect_insert().returning(|_| Ok(()));
    uow.sessions.expect_end_oldest().returning(|_, _, _| Ok(vec![session(9).id]));
    uow.one_time_tokens
        .expect_remove_requested_by()
        .withf(|id, sessions| *id == user_id(1) && *sessions == [session(9).id])
        .times(1)
        .returning(|_, _| Ok(()));
    uow.networks.expect_remember().returning(|_, _, _| Ok(()));
    let written = mocks.stage(uow);
    let mut cache = MockSnapshotCache::new();
    cache.expect_read().returning(|_| Lookup::Miss(None));
    cache.expect_fence().withf(|id| *id == session(9).id).times(1).returning(|_| Ok(()));
    cache.expect_lift().withf(|id| *id == session(9).id).times(1).returning(|_| Ok(()));
    mocks.session_cache = cache;
    log_in(mocks, command(PASSWORD)).await.unwrap();
    assert_eq!(written.audited(), [AuditKind::LoginSucceeded, AuditKind::SessionEnded]);
    let told = &written.events()[1];
    let told = (told.actor_id, told.user_id, told.detail.as_deref());
    assert_eq!(told, (Some(user_id(1)), Some(user_id(1)), Some("too_many_sessions")));
}

#[tokio::test]
async fn several_sessions_beyond_the_limit_are_one_event() {
    let mut mocks = mocks();
    let mut uow = StagedUnitOfWork::default();
    uow.credentials.expect_lock().returning(|_| Ok(Some(credentials(1))));
    uow.sessions.expect_insert().returning(|_| Ok(()));
    uow.sessions.expect_end_oldest().returning(|_, _, _| Ok(vec![session(8).id, session(9).id]));
    uow.one_time_tokens.expect_remove_requested_by().returning(|_, _| Ok(()));
    uow.networks.expect_remember().returning(|_, _, _| Ok(()));
    let written = mocks.stage(uow);
    log_in(mocks, command(PASSWORD)).await.unwrap();
    assert_eq!(written.audited(), [AuditKind::LoginSucceeded, AuditKind::SessionsEnded]);
}

#[tokio::test]
async fn without_a_limit_on_sessions_none_is_ended() {
    let mut mocks = mocks();
    mocks.policy.sessions_per_user = 0;
    let mut uow = StagedUnitOfWork::default();
    uow.credentials.expect_lock().returning(|_| Ok(Some(credentials(1))));
    uow.sessions.expect_insert().returning(|_| Ok(()));
    uow.networks.expect_remember().returning(|_, _, _| Ok(()));
    mocks.stage(uow);
    log_in(mocks, command(PASSWORD)).await.unwrap();
}

fn failing(stage: &str) -> (StagedUnitOfWork, Written) {
    let mut uow = StagedUnitOfWork { fail_commit: stage == "commit", ..StagedUnitOfWork::default() };
    uow.credentials.expect_lock().returning(|_| Ok(Some(credentials(1))));
    uow.sessions.expect_insert().returning(|_| Ok(()));
    uow.sessions.expect_end_oldest().returning(|_, _, _| Ok(vec![]));
    let broken = stage == "network";
    uow.networks.expect_remember().returning(
        move |_, _, _| {
            if broken { Err(Fault::unavailable("database", "gone")) } else { Ok(()) }
        },
    );
    let written = uow.written.clone();
    (uow, written)
}

#[tokio::test]
async fn what_fails_halfway_leaves_no_session_and_gives_no_token() {
    for stage in ["network", "commit"] {
        let mut mocks = mocks();
        let (uow, written) = failing(stage);
        mocks.stage(uow);
        let error = log_in(mocks, command(PASSWORD)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable, "{stage}");
        assert!(!written.committed());
    }
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
