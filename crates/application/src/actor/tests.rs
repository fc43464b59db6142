use std::sync::{Arc, Mutex};

use countersign_domain::session::Session;
use time::Duration;

use super::*;
use crate::error::{Classify, Kind};
use crate::testing::{NOW, StagedUnitOfWork, actor, credentials, outage, session, superuser, user, user_id};

async fn lock(account: Credentials, session: Session) -> Result<Credentials, AuthenticateError> {
    let mut uow = StagedUnitOfWork::default();
    uow.hold_session(account, session);
    actor().lock(&uow, NOW).await
}

#[tokio::test]
async fn a_live_session_has_the_account_as_it_is_under_the_lock() {
    let mut renamed = credentials(1);
    renamed.user.first_name = crate::testing::name("Other");
    assert_eq!(lock(renamed.clone(), session(1)).await.unwrap(), renamed);
}

#[tokio::test]
async fn what_ended_the_session_or_the_account_in_between_is_answered_as_to_a_revoked_token() {
    let [mut deactivated, mut signed_out] = [credentials(1), credentials(1)];
    deactivated.user.is_active = false;
    signed_out.user.end_sessions(NOW);
    for (what, account, session) in [
        ("logout", credentials(1), Session { ended_at: Some(NOW), ..session(1) }),
        ("a new epoch", signed_out, session(1)),
        ("deactivation", deactivated, session(1)),
        ("expiry", credentials(1), Session { expires_at: NOW, ..session(1) }),
        ("a purged session, or a deleted account", credentials(2), session(2)),
    ] {
        let error = lock(account, session).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Unauthenticated, "invalid_token"), "{what}");
    }
}

#[tokio::test]
async fn the_session_that_was_kept_while_others_ended_goes_on() {
    let mut account = credentials(1);
    account.user.end_sessions(NOW);
    lock(account, Session { epoch: 1, ..session(1) }).await.unwrap();
}

/// As at the gate: an access token counts until it expires, also where nobody refreshed in time.
#[tokio::test]
async fn a_session_that_nobody_refreshed_counts_as_long_as_its_token() {
    lock(credentials(1), Session { idle_expires_at: NOW - Duration::SECOND, ..session(1) }).await.unwrap();
}

#[tokio::test]
async fn a_lost_database_is_no_revocation() {
    let mut uow = StagedUnitOfWork::default();
    uow.sessions.expect_lock().returning(|_, _| Err(outage()));
    assert_eq!(actor().lock(&uow, NOW).await.unwrap_err().kind(), Kind::Unavailable);
}

#[tokio::test]
async fn two_accounts_are_locked_by_id_and_the_own_one_once() {
    for (other, order) in [(2, vec![2, 9]), (9, vec![9]), (10, vec![9, 10])] {
        let locked: Arc<Mutex<Vec<UserId>>> = Arc::default();
        let mut uow = StagedUnitOfWork::default();
        let seen = Arc::clone(&locked);
        uow.users.expect_lock().returning(move |id| {
            seen.lock().unwrap().push(id);
            Ok([user(2), user(10)].into_iter().find(|user| user.id == id))
        });
        let seen = Arc::clone(&locked);
        uow.sessions.expect_lock().returning(move |id, _| {
            seen.lock().unwrap().push(id);
            Ok(Some((credentials(9), session(9))))
        });
        let (own, found) = superuser().lock_with(user_id(other), &uow, NOW).await.unwrap();
        assert_eq!((own.id, found.map(|found| found.id)), (user_id(9), Some(user_id(other))));
        assert_eq!(*locked.lock().unwrap(), order.into_iter().map(user_id).collect::<Vec<_>>());
    }
}
