mod hashes;
mod limits;
mod sessions;

use super::*;
use crate::error::{Classify, Kind};
use crate::ports::password_hasher::{MockPasswordHasher, PasswordVerdict};
use crate::testing::{
    Mocks, NOW, PASSWORD, StagedUnitOfWork, Written, credentials, email, origin, password_hasher, presented, user_id,
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
