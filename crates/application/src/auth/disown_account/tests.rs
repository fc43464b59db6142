use countersign_domain::audit::AuditKind;

use super::*;
use crate::error::{Classify, Kind};
use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
use crate::testing::{Mocks, StagedUnitOfWork, one_time_token, origin, user, user_id};

const TOKEN: &str = "verification-token";

fn unverified() -> User {
    User { email_verified: false, ..user(1) }
}

fn mocks(owner: User) -> Mocks {
    let mut mocks = Mocks::default();
    let token = one_time_token(Purpose::EmailVerification, TOKEN);
    mocks.one_time_tokens.expect_find().returning(move |digest, purpose, _| {
        Ok(Some(token.clone()).filter(|token| token.digest == *digest && token.purpose == purpose))
    });
    mocks.users.expect_find_by_id().returning(move |id| Ok(Some(owner.clone()).filter(|user| user.id == id)));
    mocks
}

/// Removes an account that is in no team; `owner` is its state under the lock.
fn unit_of_work(owner: User, consumed: bool) -> StagedUnitOfWork {
    let mut uow = StagedUnitOfWork::default();
    uow.users.expect_lock().return_once(move |id| Ok(Some(owner).filter(|user| user.id == id)));
    let token = consumed.then(|| one_time_token(Purpose::EmailVerification, TOKEN));
    uow.one_time_tokens.expect_consume().return_once(move |_, _, _| Ok(token));
    uow.roster.expect_lock_teams_of().returning(|_| Ok(vec![]));
    uow.roster.expect_teams_only_of().returning(|_| Ok(vec![]));
    uow.roster.expect_teams_depending_on().returning(|_| Ok(vec![]));
    uow.users.expect_remove().withf(|id| *id == user_id(1)).returning(|_| Ok(true));
    uow
}

async fn disown(mocks: Mocks, token: &str) -> Result<(), DisownAccountError> {
    let command = DisownAccountCommand { token: Secret::new(token) };
    DisownAccount::new(&mocks.into_dependencies()).execute(&origin(), command).await
}

#[tokio::test]
async fn an_unverified_account_goes_with_everything_held_about_it() {
    let mut mocks = mocks(unverified());
    let written = mocks.stage(unit_of_work(unverified(), true));
    disown(mocks, TOKEN).await.unwrap();
    assert!(written.committed());
    assert_eq!(written.audited(), [AuditKind::AccountDisowned]);
    assert!(written.erased().contains(&user_id(1)));
}

#[tokio::test]
async fn a_verified_an_inactive_account_and_an_unknown_token_are_refused_and_counted() {
    let inactive = User { is_active: false, ..unverified() };
    for (owner, token) in [(user(1), TOKEN), (inactive, TOKEN), (unverified(), "another-token")] {
        let mocks = mocks(owner);
        let recorded = mocks.recorded.clone();
        let error = disown(mocks, token).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::BadRequest, "invalid_token"));
        assert_eq!(recorded.audited(), [AuditKind::TokenRefused]);
    }
}

#[tokio::test]
async fn an_account_verified_meanwhile_and_a_token_used_meanwhile_leave_it_alone() {
    for (locked, consumed) in [(user(1), true), (unverified(), false)] {
        let mut mocks = mocks(unverified());
        let written = mocks.stage(unit_of_work(locked, consumed));
        assert_eq!(disown(mocks, TOKEN).await.unwrap_err().code(), "invalid_token");
        assert!(!written.committed());
    }
}

#[tokio::test]
async fn too_many_refused_tokens_stop_a_network() {
    let mut mocks = Mocks::default();
    let mut limiter = MockRateLimiter::new();
    limiter.expect_peek().returning(|_| LimitVerdict::Refused { retry_after: time::Duration::SECOND });
    mocks.rate_limiter = limiter;
    assert_eq!(disown(mocks, TOKEN).await.unwrap_err().kind(), Kind::Limited);
}

#[tokio::test]
async fn what_fails_halfway_is_not_committed() {
    let mut halfway = StagedUnitOfWork::default();
    halfway.users.expect_lock().returning(|_| Ok(Some(unverified())));
    let token = one_time_token(Purpose::EmailVerification, TOKEN);
    halfway.one_time_tokens.expect_consume().return_once(move |_, _, _| Ok(Some(token)));
    halfway.roster.expect_lock_teams_of().returning(|_| Err(Fault::unavailable("database", "gone")));
    for uow in [halfway, StagedUnitOfWork { fail_commit: true, ..unit_of_work(unverified(), true) }] {
        let mut mocks = mocks(unverified());
        let written = mocks.stage(uow);
        assert_eq!(disown(mocks, TOKEN).await.unwrap_err().kind(), Kind::Unavailable);
        assert!(!written.committed());
    }
}
