use super::*;
use crate::error::{Classify, Kind};
use crate::ports::snapshot_cache::{Lookup, MockSnapshotCache};
use crate::testing::{
    Mocks, NOW, PASSWORD, StagedUnitOfWork, actor, credentials, new_password, origin, password_hasher, presented,
    session, user, user_id,
};

fn mocks() -> Mocks {
    let mut mocks = Mocks { password_hasher: password_hasher(), ..Mocks::default() };
    mocks.networks.expect_knows().returning(|_, _| Ok(false));
    mocks
        .credentials
        .expect_find_by_user()
        .returning(|id| Ok(Some(credentials(1)).filter(|found| found.user.id == id)));
    mocks.memberships.expect_list_active_by_user().returning(|_, _| Ok(vec![]));
    mocks
}

fn unit_of_work(failing: &'static str) -> StagedUnitOfWork {
    let fault = move |step: &str| if step == failing { Err(Fault::unavailable("database", "gone")) } else { Ok(()) };
    let mut uow = StagedUnitOfWork { fail_commit: failing == "commit", ..StagedUnitOfWork::default() };
    uow.hold_sessions();
    uow.users.expect_update().withf(|user| user.epoch == 1).returning(move |_| fault("user").map_err(Into::into));
    uow.credentials
        .expect_replace()
        .withf(|id, hash| *id == user_id(1) && hash.expose() == "new-hash")
        .returning(move |_, _| fault("hash"));
    uow.sessions
        .expect_end_by_user()
        .withf(|id, keep, epoch, now| *id == user_id(1) && keep.is_none() && *epoch == 1 && *now == NOW)
        .returning(move |_, _, _, _| fault("sessions").map(|()| 3));
    uow.sessions
        .expect_insert()
        .withf(|new| new.epoch == 1 && new.user_id == user_id(1) && new.id != session(1).id)
        .returning(move |_| fault("session"));
    uow.one_time_tokens
        .expect_remove_by_user()
        .withf(|id, purposes| *id == user_id(1) && *purposes == [Purpose::PasswordReset, Purpose::EmailChange])
        .returning(move |_, _| fault("tokens"));
    uow
}

async fn change(mocks: Mocks, current: &str, new: &str) -> Result<Tokens, ChangePasswordError> {
    let command = ChangePasswordCommand { current_password: presented(current), new_password: new_password(new) };
    ChangePassword::new(&mocks.into_dependencies()).execute(&actor(), &origin(), command).await
}

#[tokio::test]
async fn every_session_ends_a_new_one_begins_and_the_owner_is_told() {
    let mut mocks = mocks();
    let mut cache = MockSnapshotCache::new();
    cache.expect_read().returning(|_| Lookup::Miss(None));
    cache.expect_fence().withf(|id| *id == user_id(1)).times(1).returning(|_| Ok(()));
    cache.expect_lift().withf(|id| *id == user_id(1)).times(1).returning(|_| Ok(()));
    mocks.account_cache = cache;
    let written = mocks.stage(unit_of_work("nothing"));
    let tokens = change(mocks, PASSWORD, "a brand new passphrase").await.unwrap();
    assert_eq!(tokens.access_token.expose(), "access-token");
    assert!(RefreshToken::parse(tokens.refresh_token.expose()).is_some());
    assert!(written.committed());
    assert_eq!(written.audited(), [AuditKind::PasswordChanged]);
    let mails = written.mails();
    assert_eq!((mails.len(), &mails[0].kind), (1, &MailKind::PasswordChanged));
    assert_eq!(mails[0].recipient, user(1).email);
}

#[tokio::test]
async fn a_wrong_current_password_changes_nothing() {
    let mocks = mocks();
    let recorded = mocks.recorded.clone();
    let error = change(mocks, "another password", "a brand new passphrase").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Forbidden, "wrong_password"));
    assert_eq!(recorded.audited(), [AuditKind::ProofFailed]);
}

#[tokio::test]
async fn a_new_password_made_of_the_own_name_is_refused() {
    let error = change(mocks(), PASSWORD, "FirstnameSurname1").await.unwrap_err();
    let violation = error.violation().unwrap();
    assert_eq!((violation.field, violation.code), ("new_password", "personal_password"));
}

#[tokio::test]
async fn a_reset_in_between_wins() {
    let mut reset = credentials(1);
    reset.user.end_sessions(NOW);
    reset.password_hash = PasswordHash::new("another");
    let mut mocks = mocks();
    let mut uow = StagedUnitOfWork::default();
    uow.hold_session(reset, session(1));
    let written = mocks.stage(uow);
    assert_eq!(change(mocks, PASSWORD, "a brand new passphrase").await.unwrap_err().code(), "invalid_token");
    assert!(!written.committed());
}

#[tokio::test]
async fn whoever_was_signed_out_while_the_password_was_hashed_changes_nothing() {
    let ended = Session { ended_at: Some(NOW), ..session(1) };
    let mut others_ended = credentials(1);
    others_ended.user.end_sessions(NOW);
    for (account, session) in [(credentials(1), ended), (others_ended, session(1))] {
        let mut mocks = mocks();
        let mut uow = StagedUnitOfWork::default();
        uow.hold_session(account, session);
        let written = mocks.stage(uow);
        let error = change(mocks, PASSWORD, "a brand new passphrase").await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Unauthenticated, "invalid_token"));
        assert!(!written.committed());
    }
}

#[tokio::test]
async fn what_fails_halfway_is_not_committed_and_gives_no_token() {
    for step in ["user", "hash", "sessions", "session", "tokens", "commit"] {
        let mut mocks = mocks();
        let written = mocks.stage(unit_of_work(step));
        let error = change(mocks, PASSWORD, "a brand new passphrase").await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable, "{step}");
        assert!(!written.committed(), "{step}");
    }
}
