use countersign_domain::session::Session;
use countersign_domain::user::Credentials;

use super::*;
use crate::error::{Classify, Kind};
use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
use crate::ports::snapshot_cache::{Lookup, MockSnapshotCache};
use crate::testing::{
    Mocks, NOW, PASSWORD, StagedUnitOfWork, credentials, one_time_token, origin, password_hasher, presented, session,
    team, user, user_id,
};

const TOKEN: &str = "verification-token";

fn unverified() -> User {
    User { email_verified: false, ..user(1) }
}

fn signed_in(user: User) -> Proof {
    Proof::Session(Box::new(Actor { user, session_id: session(1).id }))
}

fn mocks(owner: User) -> Mocks {
    let mut mocks = Mocks { password_hasher: password_hasher(), ..Mocks::default() };
    let token = one_time_token(Purpose::EmailVerification, TOKEN);
    mocks.one_time_tokens.expect_find().returning(move |digest, purpose, _| {
        Ok(Some(token.clone()).filter(|token| token.digest == *digest && token.purpose == purpose))
    });
    mocks.users.expect_find_by_id().returning(move |id| Ok(Some(owner.clone()).filter(|user| user.id == id)));
    mocks.networks.expect_knows().returning(|_, _| Ok(false));
    mocks
        .credentials
        .expect_find_by_user()
        .returning(|id| Ok(Some(credentials(1)).filter(|found| found.user.id == id)));
    mocks
}

fn unit_of_work() -> StagedUnitOfWork {
    let mut uow = StagedUnitOfWork::default();
    uow.users.expect_lock().returning(|id| Ok(Some(unverified()).filter(|user| user.id == id)));
    uow.hold_session(Credentials { user: unverified(), ..credentials(1) }, session(1));
    let token = one_time_token(Purpose::EmailVerification, TOKEN);
    uow.one_time_tokens
        .expect_consume()
        .returning(move |digest, _, _| Ok(Some(token.clone()).filter(|token| token.digest == *digest)));
    uow.users.expect_update().withf(|user| user.email_verified && user.epoch == 0).returning(|_| Ok(()));
    uow.memberships.expect_activate_awaiting().withf(|id| *id == user_id(1)).returning(|_| Ok(vec![team(1).id]));
    uow.invitations.expect_lock_pending().returning(|_, _| Ok(None));
    uow.networks
        .expect_remember()
        .withf(|id, network, _| *id == user_id(1) && network.to_string() == "192.0.2.0/24")
        .times(1)
        .returning(|_, _, _| Ok(()));
    uow
}

async fn verify(mocks: Mocks, token: &str, proof: Option<Proof>) -> Result<(), VerifyEmailError> {
    let command = VerifyEmailCommand { token: Secret::new(token), proof };
    VerifyEmail::new(&mocks.into_dependencies()).execute(&origin(), command).await
}

#[tokio::test]
async fn token_and_session_or_password_prove_the_address() {
    for proof in [signed_in(unverified()), Proof::Password(presented(PASSWORD))] {
        let mut mocks = mocks(unverified());
        let mut memberships = MockSnapshotCache::new();
        memberships.expect_read().returning(|_| Lookup::Miss(None));
        memberships.expect_fence().withf(|key| *key == (user_id(1), team(1).id)).times(1).returning(|_| Ok(()));
        memberships.expect_lift().withf(|key| *key == (user_id(1), team(1).id)).times(1).returning(|_| Ok(()));
        mocks.membership_cache = memberships;
        let written = mocks.stage(unit_of_work());
        verify(mocks, TOKEN, Some(proof)).await.unwrap();
        assert!(written.committed());
        assert_eq!(written.audited(), [AuditKind::EmailVerified]);
    }
}

#[tokio::test]
async fn without_a_proof_or_with_a_wrong_one_the_token_is_not_used_up() {
    for (proof, detail) in [
        (None, "no_proof"),
        (Some(signed_in(user(2))), "another_account"),
        (Some(Proof::Password(presented("another password"))), "wrong_password"),
    ] {
        // No unit of work is staged: beginning one would be a fault.
        let mocks = mocks(unverified());
        let recorded = mocks.recorded.clone();
        let error = verify(mocks, TOKEN, proof).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Forbidden, "proof_required"));
        let event = recorded.events().remove(0);
        assert_eq!((event.kind, event.user_id), (AuditKind::ProofFailed, Some(user_id(1))));
        assert_eq!(event.detail.as_deref(), Some(detail));
    }
}

#[tokio::test]
async fn a_wrong_password_is_audited_and_counts_toward_the_limit_of_the_account() {
    let guessing = mocks(unverified());
    let recorded = guessing.recorded.clone();
    verify(guessing, TOKEN, Some(Proof::Password(presented("another password")))).await.unwrap_err();
    assert_eq!(recorded.audited(), [AuditKind::ProofFailed]);

    let mut stopped = mocks(unverified());
    let mut limiter = MockRateLimiter::new();
    limiter.expect_peek().returning(|_| LimitVerdict::Allowed);
    limiter.expect_acquire().returning(|hit| match hit.rule.name {
        "login_account" => LimitVerdict::Refused { retry_after: time::Duration::SECOND },
        _ => LimitVerdict::Allowed,
    });
    stopped.rate_limiter = limiter;
    let error = verify(stopped, TOKEN, Some(Proof::Password(presented(PASSWORD)))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Limited);
}

#[tokio::test]
async fn an_unknown_token_and_that_of_an_inactive_account_are_refused_and_counted() {
    let inactive = User { is_active: false, ..unverified() };
    for (owner, token) in [(unverified(), "another-token"), (inactive, TOKEN)] {
        let mocks = mocks(owner);
        let recorded = mocks.recorded.clone();
        let error = verify(mocks, token, Some(signed_in(unverified()))).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::BadRequest, "invalid_token"));
        assert_eq!(recorded.audited(), [AuditKind::TokenRefused]);
    }
}

#[tokio::test]
async fn a_token_used_meanwhile_is_refused() {
    let mut mocks = mocks(unverified());
    let mut uow = StagedUnitOfWork::default();
    uow.hold_sessions();
    uow.one_time_tokens.expect_consume().returning(|_, _, _| Ok(None));
    let written = mocks.stage(uow);
    assert_eq!(verify(mocks, TOKEN, Some(signed_in(unverified()))).await.unwrap_err().code(), "invalid_token");
    assert!(!written.committed());
}

#[tokio::test]
async fn a_session_that_was_ended_meanwhile_proves_nothing_and_the_token_is_not_used_up() {
    let mut mocks = mocks(unverified());
    let mut uow = StagedUnitOfWork::default();
    let ended = Session { ended_at: Some(NOW), ..session(1) };
    uow.hold_session(Credentials { user: unverified(), ..credentials(1) }, ended);
    let written = mocks.stage(uow);
    let error = verify(mocks, TOKEN, Some(signed_in(unverified()))).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unauthenticated, "invalid_token"));
    assert!(!written.committed());
}

#[tokio::test]
async fn too_many_refused_tokens_stop_a_network() {
    let mut mocks = Mocks::default();
    let mut limiter = MockRateLimiter::new();
    limiter.expect_peek().returning(|_| LimitVerdict::Refused { retry_after: time::Duration::SECOND });
    mocks.rate_limiter = limiter;
    assert_eq!(verify(mocks, TOKEN, None).await.unwrap_err().kind(), Kind::Limited);
}

#[tokio::test]
async fn what_fails_halfway_is_not_committed() {
    let mut halfway = StagedUnitOfWork::default();
    halfway.hold_sessions();
    let token = one_time_token(Purpose::EmailVerification, TOKEN);
    halfway.one_time_tokens.expect_consume().return_once(move |_, _, _| Ok(Some(token)));
    halfway.users.expect_update().returning(|_| Ok(()));
    halfway.networks.expect_remember().returning(|_, _, _| Ok(()));
    halfway.memberships.expect_activate_awaiting().returning(|_| Err(Fault::unavailable("database", "gone")));
    for uow in [halfway, StagedUnitOfWork { fail_commit: true, ..unit_of_work() }] {
        let mut mocks = mocks(unverified());
        let written = mocks.stage(uow);
        let error = verify(mocks, TOKEN, Some(signed_in(unverified()))).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
        assert!(!written.committed());
    }
}
