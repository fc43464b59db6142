use countersign_domain::one_time_token::Purpose;
use mockall::predicate::eq;

use super::*;
use crate::error::Classify;
use crate::testing::{
    Mocks, NOW, StagedUnitOfWork, Written, actor, credentials, origin, session, superuser, user, user_id,
};

fn unit() -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_sessions();
    unit.users.expect_lock().with(eq(user_id(2))).returning(|_| Ok(Some(user(2))));
    unit
}

async fn end(actor: Actor, n: u64, unit: Option<StagedUnitOfWork>) -> (Result<(), EndUserSessionsError>, Written) {
    let mut mocks = Mocks::default();
    mocks.users.expect_find_by_id().returning(|id| Ok(Some(user(2)).filter(|user| user.id == id)));
    let written = unit.map(|unit| mocks.stage(unit)).unwrap_or_default();
    let use_case = EndUserSessions::new(&mocks.into_dependencies());
    (use_case.execute(&actor, &origin(), EndUserSessionsCommand { user_id: user_id(n) }).await, written)
}

#[tokio::test]
async fn the_account_enters_a_new_epoch_and_it_commits() {
    let mut unit = unit();
    unit.users.expect_update().withf(|user| user.epoch == 1 && user.is_active).times(1).returning(|_| Ok(()));
    unit.one_time_tokens
        .expect_remove_by_user()
        .withf(|id, purposes| *id == user_id(2) && *purposes == [Purpose::PasswordReset, Purpose::EmailChange])
        .times(1)
        .returning(|_, _| Ok(()));
    unit.sessions
        .expect_end_by_user()
        .with(eq(user_id(2)), eq(None), eq(1), eq(NOW))
        .times(1)
        .returning(|_, _, _, _| Ok(3));
    let (ended, written) = end(superuser(), 2, Some(unit)).await;
    ended.unwrap();
    assert!(written.committed());
    let event = written.events().remove(0);
    assert_eq!((event.kind, event.actor_id), (AuditKind::SessionsEnded, Some(superuser().id())));
    assert_eq!(event.user_id, Some(user_id(2)));
}

#[tokio::test]
async fn an_unknown_account_has_no_sessions() {
    assert_eq!(end(superuser(), 3, None).await.0.unwrap_err().code(), "user_not_found");
}

#[tokio::test]
async fn it_takes_a_superuser() {
    assert_eq!(end(actor(), 2, None).await.0.unwrap_err().code(), "superuser_required");
}

#[tokio::test]
async fn when_it_fails_halfway_nothing_is_committed() {
    let mut unit = unit();
    unit.users.expect_update().returning(|_| Ok(()));
    unit.sessions.expect_end_by_user().returning(|_, _, _, _| Err(Fault::unavailable("database", "gone")));
    let (failed, written) = end(superuser(), 2, Some(unit)).await;
    assert_eq!(failed.unwrap_err().code(), "service_unavailable");
    assert!(!written.committed());
}

#[tokio::test]
async fn a_superuser_who_was_dismissed_a_moment_ago_changes_nothing() {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_session(credentials(9), session(9));
    unit.users.expect_lock().returning(|_| Ok(Some(user(2))));
    let (refused, written) = end(superuser(), 2, Some(unit)).await;
    assert_eq!(refused.unwrap_err().code(), "superuser_required");
    assert!(!written.committed());
}
