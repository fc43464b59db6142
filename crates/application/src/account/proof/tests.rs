use super::*;
use crate::error::{Classify, Kind};
use crate::ports::password_hasher::{MockPasswordHasher, PasswordVerdict};
use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
use crate::testing::{
    Mocks, NOW, PASSWORD, StagedUnitOfWork, credentials, origin, password_hasher, presented, user, user_id,
};

fn mocks() -> Mocks {
    let mut mocks = Mocks { password_hasher: password_hasher(), ..Mocks::default() };
    mocks.networks.expect_knows().returning(|_, _| Ok(false));
    mocks
        .credentials
        .expect_find_by_user()
        .returning(|id| Ok(Some(credentials(1)).filter(|found| found.user.id == id)));
    mocks
}

async fn require(mocks: Mocks, password: &str) -> Result<Credentials, ProofError> {
    PasswordProof::new(&mocks.into_dependencies()).require(&user(1), &origin(), &presented(password), NOW).await
}

#[tokio::test]
async fn the_right_password_proves_the_account() {
    assert_eq!(require(mocks(), PASSWORD).await.unwrap(), credentials(1));
}

#[tokio::test]
async fn an_outdated_hash_proves_as_well() {
    let mut mocks = mocks();
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify().returning(|_, _| Ok(PasswordVerdict::RightButOutdated));
    mocks.password_hasher = hasher;
    require(mocks, PASSWORD).await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_audited() {
    let mocks = mocks();
    let recorded = mocks.recorded.clone();
    let error = require(mocks, "another password").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Forbidden, "wrong_password"));
    assert_eq!(recorded.audited(), [AuditKind::ProofFailed]);
    assert_eq!(recorded.events()[0].user_id, Some(user_id(1)));
}

#[tokio::test]
async fn too_many_wrong_ones_stop_the_right_one() {
    let mut mocks = mocks();
    mocks.password_hasher = MockPasswordHasher::new();
    let mut limiter = MockRateLimiter::new();
    limiter.expect_acquire().returning(|hit| match hit.rule.name {
        "login_account" => LimitVerdict::Refused { retry_after: time::Duration::SECOND },
        _ => LimitVerdict::Allowed,
    });
    mocks.rate_limiter = limiter;
    let recorded = mocks.recorded.clone();
    assert_eq!(require(mocks, PASSWORD).await.unwrap_err().kind(), Kind::Limited);
    assert_eq!(recorded.events()[0].detail.as_deref(), Some("rate_limited"));
}

#[tokio::test]
async fn whoever_proves_too_often_is_stopped_before_anything_is_read_or_hashed() {
    let mut mocks = Mocks::default();
    let mut limiter = MockRateLimiter::new();
    limiter
        .expect_acquire()
        .withf(|hit| (hit.rule.name, hit.rule.max) == ("proof_user", 30) && hit.subject == user_id(1).to_string())
        .times(1)
        .returning(|_| LimitVerdict::Refused { retry_after: time::Duration::SECOND });
    mocks.rate_limiter = limiter;
    assert_eq!(require(mocks, PASSWORD).await.unwrap_err().kind(), Kind::Limited);
}

#[tokio::test]
async fn a_proof_is_worth_nothing_once_the_account_has_changed() {
    let (mut reset, mut deactivated) = (user(1), user(1));
    reset.end_sessions(NOW);
    deactivated.is_active = false;
    let proof = PasswordProof::new(&Mocks::default().into_dependencies());
    for (locked, holds) in [(Some(user(1)), true), (Some(reset), false), (Some(deactivated), false), (None, false)] {
        let mut uow = StagedUnitOfWork::default();
        uow.users.expect_lock().return_once(move |_| Ok(locked));
        assert_eq!(proof.lock_proven(&uow, &credentials(1)).await.is_ok(), holds);
    }
}
