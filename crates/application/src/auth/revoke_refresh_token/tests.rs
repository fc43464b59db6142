use countersign_domain::audit::AuditKind;

use super::*;
use crate::error::{Classify, Kind};
use crate::testing::{Mocks, StagedUnitOfWork, origin, outage, session, user_id};

fn mocks() -> Mocks {
    let mut mocks = Mocks::default();
    mocks
        .sessions
        .expect_find_by_family()
        .returning(|family| Ok(Some(session(1)).filter(|session| session.family == *family)));
    mocks
}

fn ending(answer: bool) -> StagedUnitOfWork {
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

async fn revoke(mocks: Mocks, refresh_token: Secret) -> Result<(), RevokeRefreshTokenError> {
    RevokeRefreshToken::new(&mocks.into_dependencies())
        .execute(&origin(), RevokeRefreshTokenCommand { refresh_token })
        .await
}

#[tokio::test]
async fn any_generation_ends_its_session() {
    for generation in [1, 7] {
        let mut mocks = mocks();
        let written = mocks.stage(ending(true));
        let token = RefreshToken::new([1; 16], [generation; 32]);
        revoke(mocks, token.secret().clone()).await.unwrap();
        assert!(written.committed());
        assert_eq!(written.audited(), [AuditKind::SessionEnded]);
    }
}

#[tokio::test]
async fn unknown_tokens_and_garbage_are_no_error_and_write_nothing() {
    revoke(mocks(), RefreshToken::new([9; 16], [1; 32]).secret().clone()).await.unwrap();
    revoke(mocks(), Secret::new("garbage")).await.unwrap();
}

#[tokio::test]
async fn a_session_that_had_ended_is_not_audited_again() {
    let mut mocks = mocks();
    let written = mocks.stage(ending(false));
    revoke(mocks, RefreshToken::new([1; 16], [1; 32]).secret().clone()).await.unwrap();
    assert_eq!(written.audited(), []);
}

#[tokio::test]
async fn an_end_that_is_not_committed_is_told() {
    let mut mocks = mocks();
    mocks.stage(StagedUnitOfWork { fail_commit: true, ..ending(true) });
    let error = revoke(mocks, RefreshToken::new([1; 16], [1; 32]).secret().clone()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
}

#[tokio::test]
async fn what_fails_on_the_way_ends_nothing() {
    let token = || RefreshToken::new([1; 16], [1; 32]).secret().clone();
    let mut lost = StagedUnitOfWork::default();
    lost.sessions.expect_end().returning(|_, _, _| Err(outage()));
    let unaudited = ending(true);
    unaudited.written.refuse_events();
    for uow in [lost, unaudited] {
        let mut mocks = mocks();
        let written = mocks.stage(uow);
        assert_eq!(revoke(mocks, token()).await.unwrap_err().kind(), Kind::Unavailable);
        assert!(!written.committed());
    }
    // And a session that cannot be looked for is not one that is unknown.
    let mut mocks = Mocks::default();
    mocks.sessions.expect_find_by_family().returning(|_| Err(outage()));
    assert_eq!(revoke(mocks, token()).await.unwrap_err().kind(), Kind::Unavailable);
}
