use countersign_domain::team::membership::{Membership, MembershipStatus};
use countersign_domain::user::User;
use mockall::predicate::eq;

use super::*;
use crate::error::{Classify, Kind};
use crate::testing::{
    Mocks, StagedUnitOfWork, Written, actor, credentials, membership, origin, session, superuser, team, user, user_id,
};

fn unit(account: User, members: &[Membership]) -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(members);
    unit.roster.expect_has_admin_besides().with(eq(team(1).id), eq(user_id(2))).returning(|_, _| Ok(false));
    unit.users.expect_lock().with(eq(user_id(2))).returning(move |_| Ok(Some(account.clone())));
    unit
}

async fn appoint(
    actor: Actor,
    team_id: TeamId,
    unit: Option<StagedUnitOfWork>,
) -> (Result<Member, AppointTeamAdminError>, Written) {
    let (appointed, written, _) = appoint_and_look(actor, team_id, unit).await;
    (appointed, written)
}

/// The same with what was recorded beside the unit of work.
async fn appoint_and_look(
    actor: Actor,
    team_id: TeamId,
    unit: Option<StagedUnitOfWork>,
) -> (Result<Member, AppointTeamAdminError>, Written, Written) {
    let mut mocks = Mocks::default();
    let recorded = mocks.recorded.clone();
    let written = unit.map(|unit| mocks.stage(unit)).unwrap_or_default();
    let use_case = AppointTeamAdmin::new(&mocks.into_dependencies());
    let command = AppointTeamAdminCommand { team_id, user_id: user_id(2) };
    (use_case.execute(&actor, &origin(), command).await, written, recorded)
}

#[tokio::test]
async fn a_member_becomes_admin_and_it_commits() {
    let mut unit = unit(user(2), &[membership(2, Role::Member)]);
    unit.memberships.expect_update().with(eq(membership(2, Role::Admin))).times(1).returning(|_| Ok(true));
    let (appointed, written) = appoint(superuser(), team(1).id, Some(unit)).await;
    assert_eq!(appointed.unwrap().membership, membership(2, Role::Admin));
    assert!(written.committed());
    let event = written.events().remove(0);
    assert_eq!((event.kind, event.actor_id), (AuditKind::AdminAppointed, Some(superuser().id())));
    assert_eq!((event.user_id, event.team_id), (Some(user_id(2)), Some(team(1).id)));
}

#[tokio::test]
async fn an_admin_stays_one_and_nothing_is_written_but_that_it_was_shown() {
    let unit = unit(user(2), &[membership(2, Role::Admin)]);
    let (appointed, written, recorded) = appoint_and_look(superuser(), team(1).id, Some(unit)).await;
    assert_eq!(appointed.unwrap().membership.role, Role::Admin);
    assert_eq!(written.audited(), []);
    let event = recorded.events().remove(0);
    assert_eq!((event.kind, event.actor_id), (AuditKind::AdminViewed, Some(superuser().id())));
    assert_eq!(event.user_id, Some(user_id(2)));
}

#[tokio::test]
async fn whoever_would_not_count_as_an_admin_is_not_appointed() {
    let awaiting = Membership { status: MembershipStatus::AwaitingVerification, ..membership(2, Role::Member) };
    let inactive = User { is_active: false, ..user(2) };
    for (account, members) in
        [(user(2), vec![]), (user(2), vec![awaiting]), (inactive, vec![membership(2, Role::Member)])]
    {
        let (refused, written) = appoint(superuser(), team(1).id, Some(unit(account, &members))).await;
        assert_eq!(refused.unwrap_err().code(), "member_not_found");
        assert!(!written.committed());
    }
}

#[tokio::test]
async fn a_team_that_has_an_admin_gets_none_from_outside() {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(&[membership(1, Role::Admin), membership(2, Role::Member)]);
    unit.users.expect_lock().returning(|id| Ok(Some(user(2)).filter(|user| user.id == id)));
    unit.roster.expect_has_admin_besides().with(eq(team(1).id), eq(user_id(2))).returning(|_, _| Ok(true));
    let (refused, written) = appoint(superuser(), team(1).id, Some(unit)).await;
    let error = refused.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "team_has_admin"));
    assert!(!written.committed());
}

#[tokio::test]
async fn an_unknown_team_is_not_found() {
    let unit = unit(user(2), &[membership(2, Role::Member)]);
    let (refused, _) = appoint(superuser(), team(2).id, Some(unit)).await;
    assert_eq!(refused.unwrap_err().code(), "team_not_found");
}

#[tokio::test]
async fn it_takes_a_superuser() {
    assert_eq!(appoint(actor(), team(1).id, None).await.0.unwrap_err().code(), "superuser_required");
}

#[tokio::test]
async fn when_it_fails_halfway_nothing_is_committed() {
    let mut unit = unit(user(2), &[membership(2, Role::Member)]);
    unit.memberships.expect_update().returning(|_| Err(Fault::unavailable("database", "gone")));
    let (failed, written) = appoint(superuser(), team(1).id, Some(unit)).await;
    assert_eq!(failed.unwrap_err().code(), "service_unavailable");
    assert!(!written.committed());
}

#[tokio::test]
async fn a_superuser_who_was_dismissed_a_moment_ago_changes_nothing() {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_session(credentials(9), session(9));
    unit.users.expect_lock().returning(|_| Ok(Some(user(2))));
    let (refused, written) = appoint(superuser(), team(1).id, Some(unit)).await;
    assert_eq!(refused.unwrap_err().code(), "superuser_required");
    assert!(!written.committed());
}
