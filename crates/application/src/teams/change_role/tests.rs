use mockall::predicate::eq;

use super::*;
use crate::error::Classify;
use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
use crate::testing::{Mocks, StagedUnitOfWork, Written, actor, invitation, membership, origin, team, user, user_id};

fn to(n: u64, role: Role) -> ChangeRoleCommand {
    ChangeRoleCommand { team_id: team(1).id, user_id: user_id(n), role }
}

/// The team with these members under its lock, and whether it has an admin besides whoever is asked about.
fn unit(members: &[Membership], has_admin: bool) -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(members);
    unit.roster.expect_has_admin_besides().returning(move |_, _| Ok(has_admin));
    unit.invitations.expect_lock_pending().returning(|_, _| Ok(None));
    unit
}

async fn change(
    gate: &[Membership],
    unit: Option<StagedUnitOfWork>,
    command: ChangeRoleCommand,
) -> (Result<Member, ChangeRoleError>, Written) {
    let mut mocks = Mocks::default();
    mocks.hold_team(gate);
    let written = unit.map(|unit| mocks.stage(unit)).unwrap_or_default();
    let use_case = ChangeRole::new(&mocks.into_dependencies());
    (use_case.execute(&actor(), &origin(), command).await, written)
}

#[tokio::test]
async fn an_admin_promotes_a_member_and_it_commits() {
    let members = [membership(1, Role::Admin), membership(2, Role::Member)];
    let mut unit = unit(&members, true);
    unit.memberships.expect_update().with(eq(membership(2, Role::Admin))).times(1).returning(|_| Ok(true));
    let (changed, written) = change(&members, Some(unit), to(2, Role::Admin)).await;
    let member = changed.unwrap();
    assert_eq!((member.membership, member.email), (membership(2, Role::Admin), user(2).email));
    assert!(written.committed());
    let event = written.events().remove(0);
    assert_eq!(
        (event.kind, event.actor_id, event.user_id),
        (AuditKind::RoleChanged, Some(user_id(1)), Some(user_id(2)))
    );
    assert_eq!(event.detail.as_deref(), Some("admin"));
}

#[tokio::test]
async fn an_admin_beside_whom_there_is_another_may_step_down() {
    let members = [membership(1, Role::Admin), membership(2, Role::Admin)];
    let mut unit = unit(&members, true);
    unit.memberships.expect_update().with(eq(membership(1, Role::Member))).times(1).returning(|_| Ok(true));
    let (changed, written) = change(&members, Some(unit), to(1, Role::Member)).await;
    assert_eq!(changed.unwrap().membership.role, Role::Member);
    assert!(written.committed());
}

#[tokio::test]
async fn the_last_admin_keeps_its_role() {
    let members = [membership(1, Role::Admin), membership(2, Role::Member)];
    let (refused, written) = change(&members, Some(unit(&members, false)), to(1, Role::Member)).await;
    assert_eq!(refused.unwrap_err().code(), "last_admin");
    assert!(!written.committed());
}

#[tokio::test]
async fn an_awaiting_admin_can_be_demoted_whoever_else_is_admin() {
    let mut awaiting = membership(2, Role::Admin);
    awaiting.status = MembershipStatus::AwaitingVerification;
    let members = [membership(1, Role::Admin), awaiting];
    let mut unit = unit(&members, false);
    awaiting.role = Role::Member;
    unit.memberships.expect_update().with(eq(awaiting)).times(1).returning(|_| Ok(true));
    assert!(change(&members, Some(unit), to(2, Role::Member)).await.0.is_ok());
}

#[tokio::test]
async fn a_pending_invitation_of_an_awaiting_member_promises_the_new_role() {
    let awaiting = Membership { status: MembershipStatus::AwaitingVerification, ..membership(2, Role::Admin) };
    let members = [membership(1, Role::Admin), awaiting];
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(&members);
    unit.roster.expect_has_admin_besides().returning(|_, _| Ok(true));
    unit.memberships.expect_update().returning(|_| Ok(true));
    unit.invitations
        .expect_lock_pending()
        .with(eq(team(1).id), eq(user(2).email))
        .returning(|_, email| Ok(Some(invitation(email.as_str(), Role::Admin))));
    unit.invitations.expect_renew().withf(|renewed| renewed.role == Role::Member).times(1).returning(|_| Ok(true));
    assert!(change(&members, Some(unit), to(2, Role::Member)).await.0.is_ok());
}

#[tokio::test]
async fn a_pending_invitation_of_an_active_member_keeps_its_role() {
    let members = [membership(1, Role::Admin), membership(2, Role::Member)];
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(&members);
    unit.roster.expect_has_admin_besides().returning(|_, _| Ok(true));
    unit.memberships.expect_update().returning(|_| Ok(true));
    unit.invitations.expect_lock_pending().returning(|_, email| Ok(Some(invitation(email.as_str(), Role::Member))));
    unit.invitations.expect_renew().never();
    assert!(change(&members, Some(unit), to(2, Role::Admin)).await.0.is_ok());
}

#[tokio::test]
async fn the_role_that_a_member_has_already_is_no_change() {
    let members = [membership(1, Role::Admin)];
    let (changed, written) = change(&members, Some(unit(&members, false)), to(1, Role::Admin)).await;
    assert_eq!(changed.unwrap().membership, membership(1, Role::Admin));
    assert_eq!(written.audited(), []);
}

#[tokio::test]
async fn whoever_is_not_in_the_team_has_no_role() {
    let members = [membership(1, Role::Admin)];
    let (refused, _) = change(&members, Some(unit(&members, true)), to(3, Role::Admin)).await;
    assert_eq!(refused.unwrap_err().code(), "member_not_found");
}

#[tokio::test]
async fn a_member_may_not_promote_itself() {
    let members = [membership(1, Role::Member), membership(2, Role::Admin)];
    let (refused, _) = change(&members, None, to(1, Role::Admin)).await;
    assert_eq!(refused.unwrap_err().code(), "team_admin_required");
}

#[tokio::test]
async fn an_admin_who_was_removed_a_moment_ago_changes_nothing() {
    let (refused, written) =
        change(&[membership(1, Role::Admin)], Some(unit(&[membership(2, Role::Admin)], true)), to(2, Role::Member))
            .await;
    assert_eq!(refused.unwrap_err().code(), "team_not_found");
    assert!(!written.committed());
}

#[tokio::test]
async fn when_it_fails_halfway_nothing_is_committed() {
    let members = [membership(1, Role::Admin), membership(2, Role::Member)];
    let mut unit = unit(&members, true);
    unit.memberships.expect_update().returning(|_| Err(Fault::unavailable("database", "gone")));
    let (failed, written) = change(&members, Some(unit), to(2, Role::Admin)).await;
    assert_eq!(failed.unwrap_err().code(), "service_unavailable");
    assert!(!written.committed());
}

#[tokio::test]
async fn whoever_changes_too_often_has_to_wait_and_nothing_is_written() {
    let mut mocks = Mocks::at_limit("change_user");
    mocks.hold_team(&[membership(1, Role::Admin), membership(2, Role::Member)]);
    // No unit of work is staged: none is begun.
    let use_case = ChangeRole::new(&mocks.into_dependencies());
    let refused = use_case.execute(&actor(), &origin(), to(2, Role::Admin)).await.unwrap_err();
    assert_eq!(refused.code(), "rate_limited");
}

#[tokio::test]
async fn the_role_that_a_member_has_is_not_counted() {
    let members = [membership(1, Role::Admin), membership(2, Role::Member)];
    let mut mocks = Mocks { rate_limiter: MockRateLimiter::new(), ..Mocks::default() };
    mocks.rate_limiter.expect_acquire().times(1).returning(|_| LimitVerdict::Allowed);
    mocks.rate_limiter.expect_refund().withf(|hit| hit.rule.name == "change_user").times(1).returning(|_| ());
    mocks.hold_team(&members);
    mocks.stage(unit(&members, true));
    let use_case = ChangeRole::new(&mocks.into_dependencies());
    use_case.execute(&actor(), &origin(), to(2, Role::Member)).await.unwrap();
}
