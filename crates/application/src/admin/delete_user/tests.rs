use countersign_domain::audit::AuditKind;
use countersign_domain::team::role::Role;
use mockall::predicate::eq;

use super::*;
use crate::error::Classify;
use crate::testing::{
    Mocks, StagedUnitOfWork, Written, actor, credentials, membership, origin, session, superuser, team, user, user_id,
};

/// The second account under its lock, the only admin of the first team, in which the third is a member.
fn unit() -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_sessions();
    unit.users.expect_lock().with(eq(user_id(2))).returning(|_| Ok(Some(user(2))));
    unit.roster.expect_lock_teams_of().returning(|_| Ok(vec![team(1).id]));
    unit.roster.expect_teams_only_of().returning(|_| Ok(vec![]));
    unit.roster.expect_teams_depending_on().returning(|_| Ok(vec![team(1).id]));
    unit.roster.expect_longest_standing_besides().returning(|_, _| Ok(Some(membership(3, Role::Member))));
    unit.invitations.expect_remove_by_email().returning(|_| Ok(vec![]));
    unit
}

async fn delete(actor: Actor, n: u64, unit: Option<StagedUnitOfWork>) -> (Result<(), DeleteUserError>, Written) {
    let mut mocks = Mocks::default();
    mocks.users.expect_find_by_id().returning(|id| Ok(Some(user(2)).filter(|user| user.id == id)));
    let written = unit.map(|unit| mocks.stage(unit)).unwrap_or_default();
    let use_case = DeleteUser::new(&mocks.into_dependencies());
    (use_case.execute(&actor, &origin(), DeleteUserCommand { user_id: user_id(n) }).await, written)
}

#[tokio::test]
async fn the_account_goes_its_team_gets_another_admin_and_it_commits() {
    let mut unit = unit();
    unit.memberships.expect_update().with(eq(membership(3, Role::Admin))).times(1).returning(|_| Ok(true));
    unit.users.expect_remove().with(eq(user_id(2))).times(1).returning(|_| Ok(true));
    let (deleted, written) = delete(superuser(), 2, Some(unit)).await;
    deleted.unwrap();
    assert!(written.committed());
    assert_eq!(written.audited(), [AuditKind::AdminAppointed, AuditKind::AccountDeleted]);
    assert!(written.events().iter().all(|event| event.actor_id == Some(superuser().id())));
}

#[tokio::test]
async fn an_unknown_account_is_not_found() {
    assert_eq!(delete(superuser(), 3, None).await.0.unwrap_err().code(), "user_not_found");
}

#[tokio::test]
async fn it_takes_a_superuser() {
    assert_eq!(delete(actor(), 2, None).await.0.unwrap_err().code(), "superuser_required");
}

#[tokio::test]
async fn when_it_fails_halfway_nothing_is_committed() {
    let mut unit = unit();
    unit.memberships.expect_update().returning(|_| Ok(true));
    unit.users.expect_remove().returning(|_| Err(Fault::unavailable("database", "gone")));
    let (failed, written) = delete(superuser(), 2, Some(unit)).await;
    assert_eq!(failed.unwrap_err().code(), "service_unavailable");
    assert!(!written.committed());
}

#[tokio::test]
async fn a_superuser_who_was_dismissed_a_moment_ago_changes_nothing() {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_session(credentials(9), session(9));
    unit.users.expect_lock().returning(|_| Ok(Some(user(2))));
    let (refused, written) = delete(superuser(), 2, Some(unit)).await;
    assert_eq!(refused.unwrap_err().code(), "superuser_required");
    assert!(!written.committed());
}
