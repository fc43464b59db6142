use std::sync::Mutex;

use countersign_domain::one_time_token::Purpose;
use countersign_domain::team::role::Role;
use mockall::predicate::eq;

use super::*;
use crate::error::Classify;
use crate::testing::{
    Mocks, NOW, StagedUnitOfWork, Written, actor, credentials, membership, origin, session, superuser, team, user,
    user_id,
};

fn command(is_active: Option<bool>, is_superuser: Option<bool>) -> UpdateUserCommand {
    UpdateUserCommand { user_id: user_id(2), is_active, is_superuser }
}

fn inactive() -> User {
    User { is_active: false, ..user(2) }
}

fn unit(row: User) -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_sessions();
    unit.users.expect_lock().with(eq(user_id(2))).returning(move |_| Ok(Some(row.clone())));
    unit
}

async fn update(
    actor: Actor,
    row: User,
    unit: Option<StagedUnitOfWork>,
    command: UpdateUserCommand,
) -> (Result<User, UpdateUserError>, Written) {
    let (updated, written, _) = update_and_look(actor, row, unit, command).await;
    (updated, written)
}

/// The same with what was recorded beside the unit of work.
async fn update_and_look(
    actor: Actor,
    row: User,
    unit: Option<StagedUnitOfWork>,
    command: UpdateUserCommand,
) -> (Result<User, UpdateUserError>, Written, Written) {
    let mut mocks = Mocks::default();
    let recorded = mocks.recorded.clone();
    mocks.users.expect_find_by_id().returning(move |id| Ok(Some(row.clone()).filter(|user| user.id == id)));
    let written = unit.map(|unit| mocks.stage(unit)).unwrap_or_default();
    let use_case = UpdateUser::new(&mocks.into_dependencies());
    (use_case.execute(&actor, &origin(), command).await, written, recorded)
}

/// Who looked at whom.
#[track_caller]
fn assert_look(recorded: &Written) {
    let events: Vec<_> =
        recorded.events().into_iter().map(|event| (event.kind, event.actor_id, event.user_id)).collect();
    assert_eq!(events, [(AuditKind::AdminViewed, Some(superuser().id()), Some(user_id(2)))]);
}

#[tokio::test]
async fn a_deactivated_account_loses_its_sessions_and_hands_its_teams_over() {
    let mut unit = unit(user(2));
    let stored: Arc<Mutex<bool>> = Arc::default();
    let inactive_already = Arc::clone(&stored);
    unit.roster.expect_lock_teams_of().with(eq(user_id(2))).returning(|_| Ok(vec![team(1).id]));
    unit.roster.expect_teams_depending_on().returning(move |_| {
        // An account that is stored as inactive administers nothing.
        Ok(if *inactive_already.lock().unwrap() { vec![] } else { vec![team(1).id] })
    });
    unit.roster.expect_longest_standing_besides().returning(|_, _| Ok(Some(membership(3, Role::Member))));
    unit.memberships.expect_update().with(eq(membership(3, Role::Admin))).times(1).returning(|_| Ok(true));
    unit.users.expect_update().withf(|user| !user.is_active && user.epoch == 1).times(1).returning(move |_| {
        *stored.lock().unwrap() = true;
        Ok(())
    });
    unit.one_time_tokens
        .expect_remove_by_user()
        .withf(|id, purposes| *id == user_id(2) && *purposes == [Purpose::PasswordReset, Purpose::EmailChange])
        .times(1)
        .returning(|_, _| Ok(()));
    unit.sessions
        .expect_end_by_user()
        .with(eq(user_id(2)), eq(None), eq(1), eq(NOW))
        .times(1)
        .returning(|_, _, _, _| Ok(1));
    let (updated, written) = update(superuser(), user(2), Some(unit), command(Some(false), None)).await;
    assert!(!updated.unwrap().is_active);
    assert!(written.committed());
    assert_eq!(written.audited(), [AuditKind::AdminAppointed, AuditKind::UserDeactivated]);
    assert!(written.events().iter().all(|event| event.actor_id == Some(superuser().id())));
}

#[tokio::test]
async fn an_account_can_be_activated_again() {
    let mut unit = unit(inactive());
    unit.users.expect_update().withf(|user| user.is_active && user.epoch == 0).times(1).returning(|_| Ok(()));
    let (updated, written) = update(superuser(), inactive(), Some(unit), command(Some(true), None)).await;
    assert!(updated.unwrap().is_active);
    assert_eq!(written.audited(), [AuditKind::UserActivated]);
}

#[tokio::test]
async fn superusers_are_appointed_and_dismissed() {
    for (was, becomes, kind) in [(false, true, AuditKind::SuperuserGranted), (true, false, AuditKind::SuperuserRevoked)]
    {
        let row = User { is_superuser: was, ..user(2) };
        let mut unit = unit(row.clone());
        unit.users.expect_update().withf(move |user| user.is_superuser == becomes).times(1).returning(|_| Ok(()));
        let (updated, written) = update(superuser(), row, Some(unit), command(None, Some(becomes))).await;
        assert_eq!(updated.unwrap().is_superuser, becomes);
        assert!(written.committed());
        assert_eq!(written.audited(), [kind]);
    }
}

#[tokio::test]
async fn an_account_whose_address_nobody_has_proven_is_not_appointed() {
    let unproven = User { email_verified: false, ..user(2) };
    for (seen, unit) in [(unproven.clone(), None), (user(2), Some(unit(unproven.clone())))] {
        let (refused, written) = update(superuser(), seen, unit, command(None, Some(true))).await;
        let refused = refused.unwrap_err();
        let violation = refused.violation().unwrap();
        assert_eq!((violation.field, violation.code), ("is_superuser", "email_not_verified"));
        assert!(!written.committed() && written.audited().is_empty());
    }
    let mut unit = unit(User { is_superuser: true, ..unproven.clone() });
    unit.users.expect_update().returning(|_| Ok(()));
    let row = User { is_superuser: true, ..unproven };
    assert!(update(superuser(), row, Some(unit), command(None, Some(false))).await.0.is_ok(), "dismissed it may be");
}

#[tokio::test]
async fn where_nothing_changes_nothing_is_written_but_that_it_was_shown() {
    for command in [command(None, None), command(Some(true), Some(false))] {
        let (updated, _, recorded) = update_and_look(superuser(), user(2), None, command).await;
        assert_eq!(updated.unwrap(), user(2));
        assert_look(&recorded);
    }
}

#[tokio::test]
async fn what_another_request_did_first_is_not_done_again() {
    let (updated, written, recorded) =
        update_and_look(superuser(), user(2), Some(unit(inactive())), command(Some(false), None)).await;
    assert_eq!(updated.unwrap(), inactive());
    assert!(!written.committed() && written.audited().is_empty());
    assert_look(&recorded);
}

#[tokio::test]
async fn an_unknown_account_is_not_found() {
    let unknown = UpdateUserCommand { user_id: user_id(3), ..command(Some(false), None) };
    assert_eq!(update(superuser(), user(2), None, unknown).await.0.unwrap_err().code(), "user_not_found");
}

#[tokio::test]
async fn it_takes_a_superuser() {
    let (refused, _) = update(actor(), user(2), None, command(None, Some(true))).await;
    assert_eq!(refused.unwrap_err().code(), "superuser_required");
}

#[tokio::test]
async fn when_it_fails_halfway_nothing_is_committed() {
    let mut unit = unit(user(2));
    unit.users.expect_update().returning(|_| Err(Fault::unavailable("database", "gone").into()));
    let (failed, written) = update(superuser(), user(2), Some(unit), command(None, Some(true))).await;
    assert_eq!(failed.unwrap_err().code(), "service_unavailable");
    assert!(!written.committed());
}

#[tokio::test]
async fn a_superuser_who_was_dismissed_a_moment_ago_changes_nothing() {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_session(credentials(9), session(9));
    unit.users.expect_lock().returning(|_| Ok(Some(user(2))));
    let (refused, written) = update(superuser(), user(2), Some(unit), command(None, Some(true))).await;
    assert_eq!(refused.unwrap_err().code(), "superuser_required");
    assert!(!written.committed());
}
