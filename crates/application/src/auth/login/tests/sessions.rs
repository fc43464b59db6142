//! Sessions beyond the limit of an account.

use countersign_domain::audit::AuditKind;

use crate::auth::login::tests::{command, log_in, mocks};
use crate::ports::snapshot_cache::{Lookup, MockSnapshotCache};
use crate::testing::{PASSWORD, StagedUnitOfWork, credentials, session, user_id};

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
