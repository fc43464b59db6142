use countersign_domain::session::{Session, SessionState};
use countersign_domain::user::User;
use mockall::predicate::eq;
use time::Duration;

use super::*;
use crate::error::Classify;
use crate::ports::access_tokens::{MockAccessTokens, VerifiedAccess};
use crate::ports::snapshot_cache::{Lookup, MockSnapshotCache};
use crate::testing::{Mocks, NOW, actor, session, user, user_id};

/// A token of the first account and session, when these are the rows.
async fn authenticate(session_row: Option<Session>, user_row: Option<User>) -> Result<Actor, AuthenticateError> {
    let mut mocks = Mocks { access_tokens: MockAccessTokens::new(), ..Mocks::default() };
    mocks
        .access_tokens
        .expect_verify()
        .with(eq("token"), eq(NOW))
        .returning(|_, _| Ok(VerifiedAccess { user_id: user_id(1), session_id: session(1).id }));
    mocks.sessions.expect_find_by_id().returning(move |id| Ok(session_row.clone().filter(|session| session.id == id)));
    mocks.users.expect_find_by_id().returning(move |id| Ok(user_row.clone().filter(|user| user.id == id)));
    Authenticate::new(&mocks.into_dependencies()).execute("token").await
}

#[tokio::test]
async fn a_token_of_a_live_session_speaks_for_its_account() {
    assert_eq!(authenticate(Some(session(1)), Some(user(1))).await.unwrap(), actor());
}

#[tokio::test]
async fn a_token_is_only_as_good_as_its_session_and_account() {
    let ended = Session { ended_at: Some(NOW), ..session(1) };
    let over = Session { expires_at: NOW, ..session(1) };
    let of_another = Session { user_id: user_id(2), ..session(1) };
    let later_epoch = User { epoch: 1, ..user(1) };
    let inactive = User { is_active: false, ..user(1) };
    for (session_row, user_row) in [
        (None, Some(user(1))),
        (Some(session(1)), None),
        (Some(ended), Some(user(1))),
        (Some(over), Some(user(1))),
        (Some(of_another), Some(user(1))),
        (Some(session(1)), Some(later_epoch)),
        (Some(session(1)), Some(inactive)),
    ] {
        let refused = authenticate(session_row.clone(), user_row.clone()).await.unwrap_err();
        assert_eq!(refused.code(), "invalid_token", "{session_row:?} {user_row:?}");
    }
}

#[tokio::test]
async fn an_access_token_outlives_the_idle_time_of_its_session_but_not_its_absolute_end() {
    let idle = Session { idle_expires_at: NOW - Duration::SECOND, ..session(1) };
    assert!(authenticate(Some(idle), Some(user(1))).await.is_ok());
}

#[tokio::test]
async fn a_forged_token_asks_the_database_nothing() {
    let mut mocks = Mocks { access_tokens: MockAccessTokens::new(), ..Mocks::default() };
    mocks.access_tokens.expect_verify().returning(|_, _| Err(AccessTokenError::Invalid));
    let refused = Authenticate::new(&mocks.into_dependencies()).execute("forged").await.unwrap_err();
    assert_eq!(refused.code(), "invalid_token");
}

#[tokio::test]
async fn an_outage_is_never_told_as_a_bad_token() {
    let mut mocks = Mocks { access_tokens: MockAccessTokens::new(), ..Mocks::default() };
    mocks.access_tokens.expect_verify().returning(|_, _| Err(Fault::unavailable("database", "gone").into()));
    let failed = Authenticate::new(&mocks.into_dependencies()).execute("token").await.unwrap_err();
    assert_eq!(failed.code(), "service_unavailable");

    let mut mocks = Mocks { access_tokens: MockAccessTokens::new(), ..Mocks::default() };
    let verified = VerifiedAccess { user_id: user_id(1), session_id: session(1).id };
    mocks.access_tokens.expect_verify().returning(move |_, _| Ok(verified));
    mocks.sessions.expect_find_by_id().returning(|_| Err(Fault::unavailable("database", "gone")));
    let failed = Authenticate::new(&mocks.into_dependencies()).execute("token").await.unwrap_err();
    assert_eq!(failed.code(), "service_unavailable");
}

#[tokio::test]
async fn a_session_that_moved_on_between_the_two_looks_still_counts() {
    let mut mocks = Mocks { access_tokens: MockAccessTokens::new(), ..Mocks::default() };
    let verified = VerifiedAccess { user_id: user_id(1), session_id: session(1).id };
    mocks.access_tokens.expect_verify().returning(move |_, _| Ok(verified));
    mocks.session_cache = MockSnapshotCache::new();
    mocks.session_cache.expect_read().returning(|_| Lookup::Hit(SessionState::from(&session(1))));
    let kept = Session { epoch: 1, ..session(1) };
    mocks.sessions.expect_find_by_id().times(1).return_once(move |_| Ok(Some(kept)));
    mocks.users.expect_find_by_id().returning(|_| Ok(Some(User { epoch: 1, ..user(1) })));
    let actor = Authenticate::new(&mocks.into_dependencies()).execute("token").await.unwrap();
    assert_eq!((actor.user.epoch, actor.session_id), (1, session(1).id));
}
