use countersign_domain::invitation::InvitationState;
use countersign_domain::session::Session;
use countersign_domain::team::role::Role;

use super::*;
use crate::error::{Classify, Kind};
use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
use crate::ports::snapshot_cache::{Lookup, MockSnapshotCache};
use crate::testing::{
    Mocks, NOW, StagedUnitOfWork, email, invitation, membership, one_time_token, origin, session, team, user, user_id,
};

const TOKEN: &str = "change-token";
const NEW: &str = "new@example.com";

fn token() -> OneTimeToken {
    OneTimeToken {
        new_email: Some(email(NEW)),
        requested_by: Some(session(1).id),
        ..one_time_token(Purpose::EmailChange, TOKEN)
    }
}

fn mocks() -> Mocks {
    let mut mocks = Mocks::default();
    mocks.one_time_tokens.expect_find().returning(|digest, purpose, _| {
        Ok(Some(token()).filter(|token| token.digest == *digest && token.purpose == purpose))
    });
    mocks
}

/// Swaps the address of this account, whose session is that one; `kept` is the session that must go on.
fn unit_of_work(owner: User, stored: Option<Session>, kept: Option<SessionId>) -> StagedUnitOfWork {
    let mut uow = StagedUnitOfWork::default();
    uow.users.expect_lock().return_once(move |id| Ok(Some(owner).filter(|user| user.id == id)));
    uow.one_time_tokens
        .expect_consume()
        .returning(|digest, _, _| Ok(Some(token()).filter(|token| token.digest == *digest)));
    uow.users
        .expect_update()
        .withf(|user| user.email == email(NEW) && user.email_verified && user.epoch == 1)
        .times(1)
        .returning(|_| Ok(()));
    uow.sessions.expect_find_by_id().returning(move |id| Ok(stored.clone().filter(|session| session.id == id)));
    uow.sessions
        .expect_end_by_user()
        .withf(move |id, keep, epoch, now| *id == user_id(1) && *keep == kept && *epoch == 1 && *now == NOW)
        .times(1)
        .returning(|_, _, _, _| Ok(2));
    uow.one_time_tokens
        .expect_remove_by_user()
        .withf(|id, purposes| *id == user_id(1) && *purposes == [Purpose::PasswordReset, Purpose::EmailVerification])
        .times(1)
        .returning(|_, _| Ok(()));
    uow.invitations
        .expect_list_by_email()
        .withf(|address| *address == email(NEW))
        .times(1)
        .returning(|address| Ok(vec![invitation(address.as_str(), Role::Member)]));
    uow.memberships.expect_find().returning(|user, _| Ok((user == user_id(1)).then(|| membership(1, Role::Member))));
    uow.invitations
        .expect_settle()
        .withf(|_, state, by| (*state, *by) == (InvitationState::Accepted, Some(user_id(1))))
        .times(1)
        .returning(|_, _, _| Ok(true));
    uow
}

async fn confirm(mocks: Mocks, token: &str) -> Result<(), ConfirmEmailChangeError> {
    let command = ConfirmEmailChangeCommand { token: Secret::new(token) };
    ConfirmEmailChange::new(&mocks.into_dependencies()).execute(&origin(), command).await
}

#[tokio::test]
async fn the_address_is_swapped_the_requester_stays_and_the_old_address_is_told() {
    let mut mocks = mocks();
    let mut accounts = MockSnapshotCache::new();
    accounts.expect_read().returning(|_| Lookup::Miss(None));
    accounts.expect_fence().withf(|id| *id == user_id(1)).times(1).returning(|_| Ok(()));
    accounts.expect_lift().withf(|id| *id == user_id(1)).times(1).returning(|_| Ok(()));
    mocks.account_cache = accounts;
    let mut sessions = MockSnapshotCache::new();
    sessions.expect_read().returning(|_| Lookup::Miss(None));
    sessions.expect_fence().withf(|id| *id == session(1).id).times(1).returning(|_| Ok(()));
    sessions.expect_lift().withf(|id| *id == session(1).id).times(1).returning(|_| Ok(()));
    mocks.session_cache = sessions;
    let written = mocks.stage(unit_of_work(user(1), Some(session(1)), Some(session(1).id)));
    confirm(mocks, TOKEN).await.unwrap();
    assert!(written.committed());
    assert_eq!(written.audited(), [AuditKind::EmailChanged]);
    let mails = written.mails();
    assert_eq!((mails.len(), &mails[0].kind), (1, &MailKind::AddressChanged));
    assert_eq!(mails[0].recipient, user(1).email);
    assert_eq!(written.withdrawn(), [invitation(NEW, Role::Member).id], "there is nothing left to accept");
}

#[tokio::test]
async fn a_requester_that_has_expired_is_not_brought_back_by_the_new_epoch() {
    let expired = Session { idle_expires_at: NOW, ..session(1) };
    let anothers = Session { user_id: user_id(2), ..session(1) };
    for stored in [None, Some(expired), Some(anothers)] {
        let mut mocks = mocks();
        let written = mocks.stage(unit_of_work(user(1), stored, None));
        confirm(mocks, TOKEN).await.unwrap();
        assert!(written.committed());
    }
}

#[tokio::test]
async fn a_change_that_an_ended_session_asked_for_is_refused() {
    let ended = Session { ended_at: Some(NOW), ..session(1) };
    let former_epoch = Session { epoch: -1, ..session(1) };
    for stored in [ended, former_epoch] {
        let mut mocks = mocks();
        let mut uow = StagedUnitOfWork::default();
        uow.users.expect_lock().returning(|id| Ok(Some(user(1)).filter(|user| user.id == id)));
        uow.sessions.expect_find_by_id().return_once(move |_| Ok(Some(stored)));
        let written = mocks.stage(uow);
        let recorded = mocks.recorded.clone();
        assert_eq!(confirm(mocks, TOKEN).await.unwrap_err().code(), "invalid_token");
        assert!(!written.committed());
        assert_eq!(recorded.audited(), [AuditKind::TokenRefused]);
    }
}

#[tokio::test]
async fn memberships_that_waited_for_the_old_address_are_given_up() {
    let unverified = User { email_verified: false, ..user(1) };
    let mut mocks = mocks();
    let mut memberships = MockSnapshotCache::new();
    memberships.expect_read().returning(|_| Lookup::Miss(None));
    memberships.expect_fence().withf(|key| *key == (user_id(1), team(1).id)).times(1).returning(|_| Ok(()));
    memberships.expect_lift().withf(|key| *key == (user_id(1), team(1).id)).times(1).returning(|_| Ok(()));
    mocks.membership_cache = memberships;
    let mut uow = unit_of_work(unverified, Some(session(1)), Some(session(1).id));
    uow.memberships.expect_remove_awaiting().withf(|id| *id == user_id(1)).times(1).returning(|_| Ok(vec![team(1).id]));
    let written = mocks.stage(uow);
    confirm(mocks, TOKEN).await.unwrap();
    assert!(written.committed());
    assert!(written.mails().is_empty(), "the old address was never proven: a stranger may read its mail");
}

#[tokio::test]
async fn an_address_taken_meanwhile_leaves_everything_as_it_was() {
    let mut mocks = mocks();
    let mut uow = StagedUnitOfWork::default();
    uow.users.expect_lock().returning(|_| Ok(Some(user(1))));
    uow.sessions.expect_find_by_id().returning(|_| Ok(Some(session(1))));
    uow.one_time_tokens.expect_consume().returning(|_, _, _| Ok(Some(token())));
    uow.users.expect_update().returning(|_| Err(WriteError::Conflict(Conflict::EmailTaken)));
    let written = mocks.stage(uow);
    let error = confirm(mocks, TOKEN).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "email_taken"));
    assert!(!written.committed());
}

#[tokio::test]
async fn an_unknown_token_is_refused_and_counted() {
    let mocks = mocks();
    let recorded = mocks.recorded.clone();
    let error = confirm(mocks, "another-token").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::BadRequest, "invalid_token"));
    assert_eq!(recorded.audited(), [AuditKind::TokenRefused]);
}

#[tokio::test]
async fn a_token_used_meanwhile_and_that_of_an_inactive_account_are_refused() {
    let inactive = User { is_active: false, ..user(1) };
    for (locked, consumed) in [(user(1), None), (inactive, Some(token()))] {
        let mut mocks = mocks();
        let mut uow = StagedUnitOfWork::default();
        uow.users.expect_lock().return_once(move |_| Ok(Some(locked)));
        uow.sessions.expect_find_by_id().returning(|_| Ok(Some(session(1))));
        uow.one_time_tokens.expect_consume().return_once(move |_, _, _| Ok(consumed));
        let written = mocks.stage(uow);
        assert_eq!(confirm(mocks, TOKEN).await.unwrap_err().code(), "invalid_token");
        assert!(!written.committed());
    }
}

#[tokio::test]
async fn too_many_refused_tokens_stop_a_network() {
    let mut mocks = Mocks::default();
    let mut limiter = MockRateLimiter::new();
    limiter.expect_peek().returning(|_| LimitVerdict::Refused { retry_after: time::Duration::SECOND });
    mocks.rate_limiter = limiter;
    assert_eq!(confirm(mocks, TOKEN).await.unwrap_err().kind(), Kind::Limited);
}

#[tokio::test]
async fn what_fails_halfway_is_not_committed() {
    let mut halfway = StagedUnitOfWork::default();
    halfway.users.expect_lock().returning(|_| Ok(Some(user(1))));
    halfway.one_time_tokens.expect_consume().returning(|_, _, _| Ok(Some(token())));
    halfway.users.expect_update().returning(|_| Ok(()));
    halfway.sessions.expect_find_by_id().returning(|_| Ok(None));
    halfway.sessions.expect_end_by_user().returning(|_, _, _, _| Err(Fault::unavailable("database", "gone")));
    let uncommitted = unit_of_work(user(1), None, None);
    for uow in [halfway, StagedUnitOfWork { fail_commit: true, ..uncommitted }] {
        let mut mocks = mocks();
        let written = mocks.stage(uow);
        assert_eq!(confirm(mocks, TOKEN).await.unwrap_err().kind(), Kind::Unavailable);
        assert!(!written.committed());
    }
}
