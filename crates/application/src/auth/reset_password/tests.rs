use std::sync::{Arc, Mutex};

use super::*;
use crate::error::{Classify, Kind};
use crate::ports::password_hasher::MockPasswordHasher;
use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
use crate::ports::snapshot_cache::{Lookup, MockSnapshotCache};
use crate::testing::{
    Mocks, NOW, StagedUnitOfWork, new_password, one_time_token, origin, password_hasher, team, user, user_id,
};

const TOKEN: &str = "reset-token";

fn command(password: &str) -> ResetPasswordCommand {
    ResetPasswordCommand { token: Secret::new(TOKEN), new_password: new_password(password) }
}

/// The token belongs to this account.
fn mocks(owner: &User) -> Mocks {
    let mut mocks = Mocks { password_hasher: password_hasher(), ..Mocks::default() };
    let token = one_time_token(Purpose::PasswordReset, TOKEN);
    mocks.one_time_tokens.expect_find().returning(move |digest, purpose, _| {
        Ok(Some(token.clone()).filter(|token| token.digest == *digest && token.purpose == purpose))
    });
    let owner = owner.clone();
    mocks.users.expect_find_by_id().returning(move |id| Ok(Some(owner.clone()).filter(|user| user.id == id)));
    mocks
}

/// Everything that a reset of this account writes; each step may fail.
fn unit_of_work(owner: &User, failing: &'static str) -> StagedUnitOfWork {
    let fault = move |step: &str| if step == failing { Err(Fault::unavailable("database", "gone")) } else { Ok(()) };
    let mut uow = StagedUnitOfWork { fail_commit: failing == "commit", ..StagedUnitOfWork::default() };
    let owner = owner.clone();
    uow.users.expect_lock().returning(move |id| Ok(Some(owner.clone()).filter(|user| user.id == id)));
    let token = one_time_token(Purpose::PasswordReset, TOKEN);
    uow.one_time_tokens
        .expect_consume()
        .returning(move |digest, _, _| Ok(Some(token.clone()).filter(|token| token.digest == *digest)));
    uow.users
        .expect_update()
        .withf(|user| user.epoch == 1 && user.email_verified)
        .returning(move |_| fault("user").map_err(Into::into));
    uow.credentials
        .expect_replace()
        .withf(|id, hash| *id == user_id(1) && hash.expose() == "new-hash")
        .returning(move |_, _| fault("hash"));
    uow.sessions
        .expect_end_by_user()
        .withf(|id, keep, epoch, now| *id == user_id(1) && keep.is_none() && *epoch == 1 && *now == NOW)
        .returning(move |_, _, _, _| fault("sessions").map(|()| 3));
    uow.one_time_tokens
        .expect_remove_by_user()
        .withf(|id, purposes| {
            *id == user_id(1) && purposes.contains(&Purpose::PasswordReset) && purposes.contains(&Purpose::EmailChange)
        })
        .returning(move |_, _| fault("tokens"));
    // Whoever was at home before the reset may have been somebody else.
    let mut order = mockall::Sequence::new();
    let once = usize::from(matches!(failing, "nothing" | "tokens" | "commit"));
    uow.networks
        .expect_forget()
        .withf(|id| *id == user_id(1))
        .times(once)
        .in_sequence(&mut order)
        .returning(|_| Ok(()));
    uow.networks
        .expect_remember()
        .withf(|id, network, _| *id == user_id(1) && network.to_string() == "192.0.2.0/24")
        .times(once)
        .in_sequence(&mut order)
        .returning(|_, _, _| Ok(()));
    uow
}

async fn reset(mocks: Mocks, command: ResetPasswordCommand) -> Result<(), ResetPasswordError> {
    ResetPassword::new(&mocks.into_dependencies()).execute(&origin(), command).await
}

#[tokio::test]
async fn a_reset_sets_the_hash_ends_every_session_and_tells_the_owner() {
    let mut mocks = mocks(&user(1));
    let mut cache = MockSnapshotCache::new();
    cache.expect_read().returning(|_| Lookup::Miss(None));
    cache.expect_fence().withf(|id| *id == user_id(1)).times(1).returning(|_| Ok(()));
    cache.expect_lift().withf(|id| *id == user_id(1)).times(1).returning(|_| Ok(()));
    mocks.account_cache = cache;
    let written = mocks.stage(unit_of_work(&user(1), "nothing"));
    reset(mocks, command("a brand new passphrase")).await.unwrap();
    assert!(written.committed());
    assert_eq!(written.audited(), [AuditKind::PasswordReset]);
    let mails = written.mails();
    assert_eq!((mails.len(), &mails[0].kind), (1, &MailKind::PasswordChanged));
    assert_eq!((&mails[0].recipient, &mails[0].sealed_token), (&user(1).email, &None));
}

#[tokio::test]
async fn a_reset_proves_the_address_and_what_waited_for_it_counts() {
    let unverified = User { email_verified: false, ..user(1) };
    let mut mocks = mocks(&unverified);
    let mut cache = MockSnapshotCache::new();
    cache.expect_read().returning(|_| Lookup::Miss(None));
    let refreshed = Arc::new(Mutex::new(vec![]));
    let lifted = Arc::clone(&refreshed);
    cache.expect_fence().returning(|_| Ok(()));
    cache.expect_lift().returning(move |key| {
        lifted.lock().unwrap().push(*key);
        Ok(())
    });
    mocks.membership_cache = cache;
    let mut uow = unit_of_work(&unverified, "nothing");
    uow.memberships
        .expect_activate_awaiting()
        .withf(|id| *id == user_id(1))
        .times(1)
        .returning(|_| Ok(vec![team(1).id]));
    uow.invitations.expect_lock_pending().returning(|_, _| Ok(None));
    let written = mocks.stage(uow);
    reset(mocks, command("a brand new passphrase")).await.unwrap();
    assert_eq!(written.audited(), [AuditKind::PasswordReset, AuditKind::EmailVerified]);
    assert_eq!(*refreshed.lock().unwrap(), [(user_id(1), team(1).id)]);
}

#[tokio::test]
async fn an_unknown_token_and_that_of_an_inactive_account_are_refused_and_counted() {
    let inactive = User { is_active: false, ..user(1) };
    for (owner, token) in [(user(1), "another-token"), (inactive, TOKEN)] {
        let mocks = mocks(&owner);
        let recorded = mocks.recorded.clone();
        let command = ResetPasswordCommand { token: Secret::new(token), ..command("a brand new passphrase") };
        let error = reset(mocks, command).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::BadRequest, "invalid_token"));
        assert_eq!(recorded.audited(), [AuditKind::TokenRefused]);
        assert_eq!(recorded.events()[0].detail.as_deref(), Some("password_reset"));
    }
}

#[tokio::test]
async fn a_password_made_of_the_owners_name_leaves_the_token_as_it_was() {
    let error = reset(mocks(&user(1)), command("FirstnameSurname1")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Rejected);
    let violation = error.violation().unwrap();
    assert_eq!((violation.field, violation.code), ("new_password", "personal_password"));
}

#[tokio::test]
async fn of_two_resets_with_one_token_the_later_is_refused() {
    let mut mocks = mocks(&user(1));
    let recorded = mocks.recorded.clone();
    let mut uow = StagedUnitOfWork::default();
    uow.users.expect_lock().returning(|_| Ok(Some(user(1))));
    uow.one_time_tokens.expect_consume().times(1).returning(|_, _, _| Ok(None));
    let written = mocks.stage(uow);
    let error = reset(mocks, command("a brand new passphrase")).await.unwrap_err();
    assert_eq!(error.code(), "invalid_token");
    assert!(!written.committed());
    assert_eq!(recorded.audited(), [AuditKind::TokenRefused]);
}

#[tokio::test]
async fn an_account_deactivated_or_deleted_meanwhile_is_not_reset() {
    for locked in [None, Some(User { is_active: false, ..user(1) })] {
        let mut mocks = mocks(&user(1));
        let mut uow = StagedUnitOfWork::default();
        uow.users.expect_lock().return_once(move |_| Ok(locked));
        let written = mocks.stage(uow);
        assert_eq!(reset(mocks, command("a brand new passphrase")).await.unwrap_err().code(), "invalid_token");
        assert!(!written.committed());
    }
}

#[tokio::test]
async fn too_many_refused_tokens_stop_a_network_before_any_is_looked_up() {
    let mut mocks = Mocks::default();
    let mut limiter = MockRateLimiter::new();
    limiter.expect_peek().returning(|_| LimitVerdict::Refused { retry_after: time::Duration::SECOND });
    mocks.rate_limiter = limiter;
    assert_eq!(reset(mocks, command("a brand new passphrase")).await.unwrap_err().kind(), Kind::Limited);
}

#[tokio::test]
async fn a_full_hashing_queue_leaves_the_token_as_it_was() {
    let mut mocks = mocks(&user(1));
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_hash().returning(|_| Err(Fault::unavailable("password hashing", "full")));
    mocks.password_hasher = hasher;
    assert_eq!(reset(mocks, command("a brand new passphrase")).await.unwrap_err().kind(), Kind::Unavailable);
}

#[tokio::test]
async fn what_fails_halfway_is_not_committed() {
    for step in ["user", "hash", "sessions", "tokens", "commit"] {
        let mut mocks = mocks(&user(1));
        let written = mocks.stage(unit_of_work(&user(1), step));
        let error = reset(mocks, command("a brand new passphrase")).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable, "{step}");
        assert!(!written.committed(), "{step}");
    }
}
