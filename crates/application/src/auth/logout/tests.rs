use countersign_domain::one_time_token::Purpose;
use countersign_domain::session::Session;

use super::*;
use crate::error::{Classify, Kind};
use crate::ports::snapshot_cache::{Lookup, MockSnapshotCache};
use crate::testing::{Mocks, NOW, StagedUnitOfWork, actor, credentials, origin, outage, session, user_id};

async fn log_out(mocks: Mocks, scope: LogoutScope) -> Result<(), LogOutError> {
    LogOut::new(&mocks.into_dependencies()).execute(&actor(), &origin(), LogOutCommand { scope }).await
}

fn ending_one(answer: bool) -> StagedUnitOfWork {
    let mut uow = StagedUnitOfWork::default();
    uow.sessions
        .expect_end()
        .withf(|owner, id, _| *owner == user_id(1) && *id == session(1).id)
        .times(1)
        .returning(move |_, _, _| Ok(answer));
    uow.one_time_tokens
        .expect_remove_requested_by()
        .withf(|owner, sessions| *owner == user_id(1) && *sessions == [session(1).id])
        .times(usize::from(answer))
        .returning(|_, _| Ok(()));
    uow
}

fn ending_many(kept: Option<SessionId>) -> StagedUnitOfWork {
    let mut uow = StagedUnitOfWork::default();
    uow.hold_sessions();
    uow.users.expect_update().withf(|user| user.epoch == 1).times(1).returning(|_| Ok(()));
    // Whoever ends every session may have lost the account: mails that a thief asked for open nothing any more.
    uow.one_time_tokens
        .expect_remove_by_user()
        .withf(|owner, purposes| *owner == user_id(1) && *purposes == [Purpose::PasswordReset, Purpose::EmailChange])
        .times(usize::from(kept.is_none()))
        .returning(|_, _| Ok(()));
    uow.one_time_tokens
        .expect_remove_requested_by_others()
        .withf(|owner, keep| *owner == user_id(1) && *keep == session(1).id)
        .times(usize::from(kept.is_some()))
        .returning(|_, _| Ok(()));
    uow.sessions
        .expect_end_by_user()
        .withf(move |owner, keep, epoch, now| *owner == user_id(1) && *keep == kept && *epoch == 1 && *now == NOW)
        .times(1)
        .returning(|_, _, _, _| Ok(2));
    uow
}

#[tokio::test]
async fn a_local_logout_ends_the_own_session_on_every_node() {
    let mut mocks = Mocks::default();
    let mut cache = MockSnapshotCache::new();
    cache.expect_read().returning(|_| Lookup::Miss(None));
    cache.expect_fence().withf(|id| *id == session(1).id).times(1).returning(|_| Ok(()));
    cache.expect_lift().withf(|id| *id == session(1).id).times(1).returning(|_| Ok(()));
    mocks.session_cache = cache;
    let written = mocks.stage(ending_one(true));
    log_out(mocks, LogoutScope::Local).await.unwrap();
    assert!(written.committed());
    assert_eq!(written.audited(), [AuditKind::SessionEnded]);
}

#[tokio::test]
async fn logging_out_again_is_no_error() {
    let mut mocks = Mocks::default();
    let written = mocks.stage(ending_one(false));
    log_out(mocks, LogoutScope::Local).await.unwrap();
    assert_eq!(written.audited(), []);
}

#[tokio::test]
async fn others_keeps_the_own_session_and_all_keeps_none() {
    for (scope, kept, detail) in [(LogoutScope::Others, Some(session(1).id), "others"), (LogoutScope::All, None, "all")]
    {
        let mut mocks = Mocks::default();
        let mut cache = MockSnapshotCache::new();
        cache.expect_read().returning(|_| Lookup::Miss(None));
        cache.expect_fence().withf(|id| *id == user_id(1)).times(1).returning(|_| Ok(()));
        cache.expect_lift().withf(|id| *id == user_id(1)).times(1).returning(|_| Ok(()));
        mocks.account_cache = cache;
        let written = mocks.stage(ending_many(kept));
        log_out(mocks, scope).await.unwrap();
        assert!(written.committed());
        assert_eq!(written.audited(), [AuditKind::SessionsEnded]);
        assert_eq!(written.events()[0].detail.as_deref(), Some(detail));
    }
}

#[tokio::test]
async fn a_session_that_was_ended_meanwhile_ends_no_others() {
    for scope in [LogoutScope::Others, LogoutScope::All] {
        let mut mocks = Mocks::default();
        let mut uow = StagedUnitOfWork::default();
        uow.hold_session(credentials(1), Session { ended_at: Some(NOW), ..session(1) });
        let written = mocks.stage(uow);
        let error = log_out(mocks, scope).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Unauthenticated, "invalid_token"));
        assert!(!written.committed());
    }
}

#[tokio::test]
async fn nothing_holds_a_lock_when_the_fence_is_lifted() {
    for scope in [LogoutScope::Local, LogoutScope::All] {
        // Lives as long as the unit of work that finds nothing to end.
        let held = Arc::new(());
        let seen = Arc::downgrade(&held);
        let mut uow = StagedUnitOfWork::default();
        if scope == LogoutScope::Local {
            uow.sessions.expect_end().returning(move |_, _, _| Ok(Arc::strong_count(&held) > 1));
        } else {
            uow.sessions
                .expect_lock()
                .returning(move |_, _| Ok((Arc::strong_count(&held) > 1).then(|| (credentials(1), session(1)))));
        }
        let mut cache = MockSnapshotCache::new();
        cache.expect_fence().returning(|_| Ok(()));
        cache.expect_lift().times(1).returning(move |_: &SessionId| {
            assert_eq!(seen.strong_count(), 0, "{scope:?}");
            Ok(())
        });
        let mut mocks = Mocks { session_cache: cache, ..Mocks::default() };
        mocks.stage(uow);
        assert_eq!(log_out(mocks, scope).await.is_ok(), scope == LogoutScope::Local);
    }
}

#[tokio::test]
async fn what_is_not_committed_is_told() {
    for scope in [LogoutScope::Local, LogoutScope::Others] {
        let mut mocks = Mocks::default();
        let uow = if scope == LogoutScope::Local { ending_one(true) } else { ending_many(Some(session(1).id)) };
        let written = mocks.stage(StagedUnitOfWork { fail_commit: true, ..uow });
        assert_eq!(log_out(mocks, scope).await.unwrap_err().kind(), Kind::Unavailable);
        assert!(!written.committed());
    }
}

#[test]
fn scopes_are_read_by_their_exact_names() {
    assert_eq!(LogoutScope::parse("local"), Some(LogoutScope::Local));
    assert_eq!(LogoutScope::parse("others"), Some(LogoutScope::Others));
    assert_eq!(LogoutScope::parse("all"), Some(LogoutScope::All));
    assert_eq!(LogoutScope::parse("ALL"), None);
}

#[tokio::test]
async fn what_fails_on_the_way_ends_nothing() {
    type Fail = fn(&mut StagedUnitOfWork);
    let broken: [(LogoutScope, Fail); 6] = [
        (LogoutScope::Local, |uow| {
            uow.sessions.expect_end().returning(|_, _, _| Err(outage()));
        }),
        (LogoutScope::Local, |uow| {
            uow.sessions.expect_end().returning(|_, _, _| Ok(true));
            uow.one_time_tokens.expect_remove_requested_by().returning(|_, _| Ok(()));
            uow.written.refuse_events();
        }),
        (LogoutScope::All, |uow| {
            uow.sessions.expect_lock().returning(|_, _| Err(outage()));
        }),
        (LogoutScope::All, |uow| {
            uow.hold_sessions();
            uow.users.expect_update().returning(|_| Err(WriteError::Fault(outage())));
        }),
        (LogoutScope::All, |uow| {
            uow.hold_sessions();
            uow.users.expect_update().returning(|_| Ok(()));
            uow.sessions.expect_end_by_user().returning(|_, _, _, _| Err(outage()));
        }),
        (LogoutScope::All, |uow| {
            uow.hold_sessions();
            uow.users.expect_update().returning(|_| Ok(()));
            uow.sessions.expect_end_by_user().returning(|_, _, _, _| Ok(1));
            uow.one_time_tokens.expect_remove_by_user().returning(|_, _| Err(outage()));
        }),
    ];
    for (scope, fail) in broken {
        let mut mocks = Mocks::default();
        let mut uow = StagedUnitOfWork::default();
        fail(&mut uow);
        let written = mocks.stage(uow);
        assert_eq!(log_out(mocks, scope).await.unwrap_err().kind(), Kind::Unavailable);
        assert!(!written.committed());
    }
}

#[tokio::test]
async fn sessions_end_however_often_that_is_asked_for_and_beyond_the_bound_the_log_alone_has_it() {
    let mut mocks = Mocks::at_limit("repeats_audited");
    let written = mocks.stage(ending_many(Some(session(1).id)));
    log_out(mocks, LogoutScope::Others).await.unwrap();
    assert!(written.committed());
    assert_eq!(written.audited(), []);
}
