use countersign_domain::team::membership::Membership;
use countersign_domain::team::role::Role;
use mockall::predicate::eq;

use super::*;
use crate::error::Classify;
use crate::ports::snapshot_cache::{Lookup, MockSnapshotCache};
use crate::testing::{Mocks, StagedUnitOfWork, Written, actor, invitation, membership, origin, team, user, user_id};
use crate::time_padding::tests::steps_of;

const ADDRESS: &str = "user2@example.com";

fn command() -> RevokeInvitationCommand {
    RevokeInvitationCommand { team_id: team(1).id, invitation_id: invitation(ADDRESS, Role::Member).id }
}

fn awaiting() -> Membership {
    Membership { status: MembershipStatus::AwaitingVerification, ..membership(2, Role::Member) }
}

/// The gate sees the invitation; the second account has its address, or nobody.
fn mocks(account: bool) -> Mocks {
    let mut mocks = Mocks::default();
    mocks.hold_team(&[membership(1, Role::Admin)]);
    mocks.invitations.expect_find_by_id().returning(|team, id| {
        Ok(Some(invitation(ADDRESS, Role::Member)).filter(|found| found.team_id == team && found.id == id))
    });
    mocks
        .users
        .expect_find_by_email()
        .returning(move |email| Ok(Some(user(2)).filter(|user| account && user.email == *email)));
    mocks
}

/// The team under its lock; the invitation is found in this state when it could not be revoked.
fn unit(second: Option<Membership>, revoked: bool, state: Option<InvitationState>) -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(&[vec![membership(1, Role::Admin)], second.into_iter().collect()].concat());
    unit.users.expect_lock().returning(|id| Ok(Some(user(2)).filter(|user| user.id == id)));
    unit.invitations
        .expect_settle()
        .with(eq(command().invitation_id), eq(InvitationState::Revoked), eq(None))
        .returning(move |_, _, _| Ok(revoked));
    let found = state.map(|state| Invitation { state, ..invitation(ADDRESS, Role::Member) });
    unit.invitations.expect_find_by_id().returning(move |_, _| Ok(found.clone()));
    unit
}

async fn revoke(mut mocks: Mocks, unit: Option<StagedUnitOfWork>) -> (Result<(), RevokeInvitationError>, Written) {
    let written = unit.map(|unit| mocks.stage(unit)).unwrap_or_default();
    let use_case = RevokeInvitation::new(&mocks.into_dependencies());
    (use_case.execute(&actor(), &origin(), command()).await, written)
}

#[tokio::test]
async fn an_admin_withdraws_an_invitation_and_it_commits() {
    let (revoked, written) = revoke(mocks(false), Some(unit(None, true, None))).await;
    assert_eq!(written.withdrawn().len(), 1, "its mail is not sent any more");
    revoked.unwrap();
    assert!(written.committed());
    assert_eq!(written.audited(), [AuditKind::InvitationRevoked]);
}

#[tokio::test]
async fn a_membership_that_stood_on_the_invitation_goes_with_it() {
    let mut unit = unit(Some(awaiting()), true, None);
    unit.memberships.expect_remove().with(eq(user_id(2)), eq(team(1).id)).times(1).returning(|_, _| Ok(true));
    let (revoked, written) = revoke(mocks(true), Some(unit)).await;
    revoked.unwrap();
    assert!(written.committed());
    assert_eq!(written.audited(), [AuditKind::InvitationRevoked, AuditKind::MemberRemoved]);
    assert_eq!(written.events()[1].user_id, Some(user_id(2)));
}

#[tokio::test(start_paused = true)]
async fn where_everybody_has_to_accept_no_answer_tells_who_has_an_account() {
    for account in [true, false] {
        let mut mocks = mocks(account);
        mocks.policy.add_existing = false;
        let mut cache = MockSnapshotCache::new();
        cache.expect_read().returning(|_| Lookup::Miss(None));
        cache.expect_fence().times(1).returning(|_| Ok(()));
        cache.expect_lift().times(1).returning(|_| Ok(()));
        mocks.membership_cache = cache;
        let (steps, (revoked, written)) = steps_of(revoke(mocks, Some(unit(None, true, None)))).await;
        revoked.unwrap();
        assert_eq!((steps, written.audited()), (1, vec![AuditKind::InvitationRevoked]), "account: {account}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_settled_is_told_without_a_look_at_accounts() {
    for (state, code) in [(InvitationState::Revoked, None), (InvitationState::Accepted, Some("invitation_not_pending"))]
    {
        let mut mocks = Mocks::default();
        mocks.policy.add_existing = false;
        mocks.hold_team(&[membership(1, Role::Admin)]);
        let found = Invitation { state, ..invitation(ADDRESS, Role::Member) };
        mocks.invitations.expect_find_by_id().returning(move |_, _| Ok(Some(found.clone())));
        let (steps, (again, _)) = steps_of(revoke(mocks, None)).await;
        assert_eq!((steps, again.err().map(|error| error.code())), (0, code));
    }
}

#[tokio::test]
async fn an_active_membership_stays() {
    let (revoked, written) = revoke(mocks(true), Some(unit(Some(membership(2, Role::Member)), true, None))).await;
    revoked.unwrap();
    assert_eq!(written.audited(), [AuditKind::InvitationRevoked]);
}

#[tokio::test]
async fn one_that_is_withdrawn_already_stays_so() {
    let (again, written) =
        revoke(mocks(true), Some(unit(Some(awaiting()), false, Some(InvitationState::Revoked)))).await;
    again.unwrap();
    assert_eq!(written.withdrawn(), []);
    assert_eq!(written.audited(), []);
}

#[tokio::test]
async fn one_that_was_accepted_cannot_be_withdrawn() {
    let (refused, written) = revoke(mocks(true), Some(unit(None, false, Some(InvitationState::Accepted)))).await;
    assert_eq!(refused.unwrap_err().code(), "invitation_not_pending");
    assert!(!written.committed());
}

#[tokio::test]
async fn an_unknown_one_is_not_found() {
    let mut mocks = Mocks::default();
    mocks.hold_team(&[membership(1, Role::Admin)]);
    mocks.invitations.expect_find_by_id().returning(|_, _| Ok(None));
    assert_eq!(revoke(mocks, None).await.0.unwrap_err().code(), "invitation_not_found");
}

#[tokio::test]
async fn it_takes_an_admin_at_the_gate_and_under_the_lock() {
    let mut gate = Mocks::default();
    gate.hold_team(&[membership(1, Role::Member)]);
    assert_eq!(revoke(gate, None).await.0.unwrap_err().code(), "team_admin_required");

    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(&[membership(1, Role::Member)]);
    unit.users.expect_lock().returning(|_| Ok(Some(user(2))));
    let (refused, written) = revoke(mocks(true), Some(unit)).await;
    assert_eq!(refused.unwrap_err().code(), "team_admin_required");
    assert!(!written.committed());
}

#[tokio::test]
async fn when_it_fails_halfway_nothing_is_committed() {
    let mut unit = unit(Some(awaiting()), true, None);
    unit.memberships.expect_remove().returning(|_, _| Err(Fault::unavailable("database", "gone")));
    let (failed, written) = revoke(mocks(true), Some(unit)).await;
    assert_eq!(failed.unwrap_err().code(), "service_unavailable");
    assert!(!written.committed());
}
