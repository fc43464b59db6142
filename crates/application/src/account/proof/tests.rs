use countersign_domain::password::PasswordHash;
use countersign_domain::session::Session;

use super::*;
use crate::error::{Classify, Kind};
use crate::ports::password_hasher::{MockPasswordHasher, PasswordVerdict};
use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
use crate::ports::sign_in_networks::MockSignInNetworks;
use crate::testing::{
    Mocks, NOW, PASSWORD, StagedUnitOfWork, actor, credentials, origin, password_hasher, presented, session, user,
    user_id,
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
async fn whoever_proves_too_often_is_stopped_before_the_hash_is_read() {
    let mut mocks = Mocks::default();
    mocks.networks.expect_knows().returning(|_, _| Ok(false));
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
async fn whoever_proves_too_often_elsewhere_does_not_keep_the_owner_from_it_at_home() {
    for (home, allowed) in [(true, true), (false, false)] {
        let mut mocks = Mocks { networks: MockSignInNetworks::new(), ..mocks() };
        mocks.networks.expect_knows().withf(|address, _| *address == user(1).email).returning(move |_, _| Ok(home));
        let mut limiter = MockRateLimiter::new();
        limiter.expect_acquire().returning(|hit| match hit.rule.name {
            "proof_user" | "login_account" => LimitVerdict::Refused { retry_after: time::Duration::HOUR },
            _ => LimitVerdict::Allowed,
        });
        limiter.expect_refund().returning(|_| ());
        mocks.rate_limiter = limiter;
        assert_eq!(require(mocks, PASSWORD).await.is_ok(), allowed, "home: {home}");
    }
}

#[tokio::test]
async fn at_home_they_are_bounded_too() {
    let mut mocks = Mocks { networks: MockSignInNetworks::new(), ..mocks() };
    mocks.networks.expect_knows().returning(|_, _| Ok(true));
    let mut limiter = MockRateLimiter::new();
    limiter
        .expect_acquire()
        .withf(|hit| (hit.rule.name, hit.rule.max) == ("proof_user_home", 30))
        .times(1)
        .returning(|_| LimitVerdict::Refused { retry_after: time::Duration::SECOND });
    mocks.rate_limiter = limiter;
    assert_eq!(require(mocks, PASSWORD).await.unwrap_err().kind(), Kind::Limited);
}

#[tokio::test]
async fn a_proof_is_worth_nothing_once_the_account_has_changed() {
    let [mut reset, mut deactivated, mut signed_out] = [credentials(1), credentials(1), credentials(1)];
    reset.user.end_sessions(NOW);
    reset.password_hash = PasswordHash::new("another");
    deactivated.user.is_active = false;
    signed_out.user.end_sessions(NOW);
    let proof = PasswordProof::new(&Mocks::default().into_dependencies());
    let kept = Session { epoch: 1, ..session(1) };
    for (locked, session, refused) in [
        (credentials(1), session(1), None),
        // Others were signed out, this session was kept.
        (signed_out.clone(), kept.clone(), None),
        (signed_out, session(1), Some("invalid_token")),
        (reset.clone(), session(1), Some("invalid_token")),
        // Nothing does that; if it did, the proof would be one of the former password.
        (reset, kept, Some("wrong_password")),
        (deactivated, session(1), Some("invalid_token")),
    ] {
        let mut uow = StagedUnitOfWork::default();
        uow.hold_session(locked, session);
        let outcome = proof.lock_proven(&uow, &actor(), &credentials(1), NOW).await;
        assert_eq!(outcome.err().map(|error| error.code()), refused);
    }
}
