use countersign_domain::team::membership::MembershipStatus;
use countersign_domain::team::role::Role;
use mockall::predicate::eq;

use super::*;
use crate::error::Classify;
use crate::testing::{Mocks, StagedUnitOfWork, Written, actor, invitation, membership, origin, team, user, user_id};

/// The team with these members under its lock; whether it has an admin and a member besides whoever is asked about.
fn unit(members: &[Membership], has_admin: bool, has_member: bool) -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(members);
    unit.roster.expect_has_admin_besides().returning(move |_, _| Ok(has_admin));
    unit.roster.expect_has_member_besides().returning(move |_, _| Ok(has_member));
    unit
}

fn goes(unit: &mut StagedUnitOfWork, n: u64) {
    unit.memberships.expect_remove().with(eq(user_id(n)), eq(team(1).id)).times(1).returning(|_, _| Ok(true));
    unit.invitations.expect_lock_pending().returning(|_, _| Ok(None));
}

async fn remove(
    gate: &[Membership],
    unit: Option<StagedUnitOfWork>,
    n: u64,
) -> (Result<(), RemoveMemberError>, Written) {
    let mut mocks = Mocks::default();
    mocks.hold_team(gate);
    let written = unit.map(|unit| mocks.stage(unit)).unwrap_or_default();
    let use_case = RemoveMember::new(&mocks.into_dependencies());
    let command = RemoveMemberCommand { team_id: team(1).id, user_id: user_id(n) };
    (use_case.execute(&actor(), &origin(), command).await, written)
}

#[tokio::test]
async fn an_admin_removes_a_member_and_it_commits() {
    let members = [membership(1, Role::Admin), membership(2, Role::Member)];
    let mut unit = unit(&members, true, true);
    goes(&mut unit, 2);
    let (removed, written) = remove(&members, Some(unit), 2).await;
    removed.unwrap();
    assert!(written.committed());
    let event = written.events().remove(0);
    assert_eq!((event.kind, event.user_id), (AuditKind::MemberRemoved, Some(user_id(2))));
    assert_eq!((event.actor_id, event.team_id), (Some(user_id(1)), Some(team(1).id)));
}

#[tokio::test]
async fn a_member_may_leave() {
    let members = [membership(1, Role::Member), membership(2, Role::Admin)];
    let mut unit = unit(&members, true, true);
    goes(&mut unit, 1);
    let (left, written) = remove(&members, Some(unit), 1).await;
    left.unwrap();
    assert_eq!(written.audited(), [AuditKind::MemberLeft]);
}

#[tokio::test]
async fn an_invitation_that_waits_for_the_member_is_revoked() {
    let members = [membership(1, Role::Admin), membership(2, Role::Member)];
    let mut unit = unit(&members, true, true);
    unit.memberships.expect_remove().returning(|_, _| Ok(true));
    let pending = invitation(user(2).email.as_str(), Role::Admin);
    let id = pending.id;
    unit.invitations
        .expect_lock_pending()
        .with(eq(team(1).id), eq(user(2).email))
        .returning(move |_, _| Ok(Some(pending.clone())));
    unit.invitations
        .expect_settle()
        .with(eq(id), eq(InvitationState::Revoked), eq(None))
        .times(1)
        .returning(|_, _, _| Ok(true));
    assert!(remove(&members, Some(unit), 2).await.0.is_ok());
}

#[tokio::test]
async fn the_last_admin_stays_alone_or_not() {
    for has_member in [false, true] {
        let members = [membership(1, Role::Admin)];
        let (refused, written) = remove(&members, Some(unit(&members, false, has_member)), 1).await;
        assert_eq!(refused.unwrap_err().code(), "last_admin");
        assert!(!written.committed());
    }
}

#[tokio::test]
async fn an_awaiting_member_may_leave_though_it_has_no_rights() {
    let mut awaiting = membership(1, Role::Admin);
    awaiting.status = MembershipStatus::AwaitingVerification;
    let mut unit = unit(&[awaiting], false, true);
    // No invitation is looked for: it belongs to whoever reads the mail of the address.
    unit.memberships.expect_remove().with(eq(user_id(1)), eq(team(1).id)).times(1).returning(|_, _| Ok(true));
    let (left, written) = remove(&[awaiting], Some(unit), 1).await;
    left.unwrap();
    assert_eq!(written.audited(), [AuditKind::MemberLeft]);
}

#[tokio::test]
async fn an_awaiting_member_that_an_admin_removes_loses_the_invitation_too() {
    let mut awaiting = membership(2, Role::Admin);
    awaiting.status = MembershipStatus::AwaitingVerification;
    let members = [membership(1, Role::Admin), awaiting];
    let mut unit = unit(&members, true, true);
    unit.memberships.expect_remove().returning(|_, _| Ok(true));
    let pending = invitation(user(2).email.as_str(), Role::Admin);
    unit.invitations.expect_lock_pending().returning(move |_, _| Ok(Some(pending.clone())));
    unit.invitations
        .expect_settle()
        .withf(|_, state, _| *state == InvitationState::Revoked)
        .times(1)
        .returning(|_, _, _| Ok(true));
    assert!(remove(&members, Some(unit), 2).await.0.is_ok());
}

#[tokio::test]
async fn a_team_that_lost_its_admins_goes_with_its_last_member() {
    let mut awaiting = membership(1, Role::Member);
    awaiting.status = MembershipStatus::AwaitingVerification;
    let mut unit = unit(&[awaiting], false, false);
    goes(&mut unit, 1);
    unit.teams.expect_remove().with(eq(team(1).id)).times(1).returning(|_| Ok(true));
    let (left, written) = remove(&[awaiting], Some(unit), 1).await;
    left.unwrap();
    assert_eq!(written.audited(), [AuditKind::MemberLeft, AuditKind::TeamDeleted]);
}

#[tokio::test]
async fn a_member_may_not_remove_another() {
    let members = [membership(1, Role::Member), membership(2, Role::Admin)];
    let (refused, _) = remove(&members, None, 2).await;
    assert_eq!(refused.unwrap_err().code(), "team_admin_required");
}

#[tokio::test]
async fn whoever_is_not_in_the_team_cannot_be_removed() {
    let members = [membership(1, Role::Admin)];
    let (refused, _) = remove(&members, Some(unit(&members, true, true)), 3).await;
    assert_eq!(refused.unwrap_err().code(), "member_not_found");
}

#[tokio::test]
async fn an_admin_who_was_demoted_a_moment_ago_removes_nobody() {
    let gate = [membership(1, Role::Admin), membership(2, Role::Member)];
    let locked = [membership(1, Role::Member), membership(2, Role::Member)];
    let (refused, written) = remove(&gate, Some(unit(&locked, true, true)), 2).await;
    assert_eq!(refused.unwrap_err().code(), "team_admin_required");
    assert!(!written.committed());
}

#[tokio::test]
async fn when_it_fails_halfway_nothing_is_committed() {
    let members = [membership(1, Role::Admin), membership(2, Role::Member)];
    let mut unit = unit(&members, true, true);
    unit.memberships.expect_remove().returning(|_, _| Ok(true));
    unit.invitations.expect_lock_pending().returning(|_, _| Err(Fault::unavailable("database", "gone")));
    let (failed, written) = remove(&members, Some(unit), 2).await;
    assert_eq!(failed.unwrap_err().code(), "service_unavailable");
    assert!(!written.committed());
}
