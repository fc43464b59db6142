use std::sync::Mutex;

use countersign_domain::audit::AuditKind;
use countersign_domain::invitation::{Invitation, InvitationState};
use countersign_domain::team::membership::{Membership, MembershipStatus};
use countersign_domain::user::User;
use mockall::predicate::eq;
use time::Duration;

use super::*;
use crate::error::{Classify, Conflict, WriteError};
use crate::mail::message::MailKind;
use crate::ports::rate_limiter::{Hit, LimitVerdict, MockRateLimiter};
use crate::testing::{
    Mocks, NOW, StagedUnitOfWork, Written, actor, email, invitation, membership, origin, team, user, user_id,
};
use crate::time_padding::tests::steps_of;

const ADDRESS: &str = "user2@example.com";

fn command() -> InviteMemberCommand {
    InviteMemberCommand { team_id: team(1).id, email: email(ADDRESS), role: Role::Member }
}

fn account(verified: bool) -> User {
    User { email_verified: verified, ..user(2) }
}

fn awaiting(role: Role) -> Membership {
    Membership { status: MembershipStatus::AwaitingVerification, ..membership(2, role) }
}

/// The team under its lock with the actor as admin; this account has the address, and this place in the team.
fn unit(account: Option<User>, second: Option<Membership>, pending: Option<Invitation>) -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(&[vec![membership(1, Role::Admin)], second.into_iter().collect()].concat());
    let locked = account.clone();
    unit.users.expect_find_by_email().with(eq(email(ADDRESS))).returning(move |_| Ok(account.clone()));
    unit.users.expect_lock().returning(move |id| Ok(locked.clone().filter(|user| user.id == id)));
    unit.invitations
        .expect_lock_pending()
        .with(eq(team(1).id), eq(email(ADDRESS)))
        .returning(move |_, _| Ok(pending.clone()));
    unit
}

fn mocks() -> Mocks {
    let mut mocks = Mocks::default();
    mocks.hold_team(&[membership(1, Role::Admin)]);
    mocks
}

async fn invite(mut mocks: Mocks, unit: Option<StagedUnitOfWork>) -> (Result<(), InviteMemberError>, Written) {
    let written = unit.map(|unit| mocks.stage(unit)).unwrap_or_default();
    let use_case = InviteMember::new(&mocks.into_dependencies());
    (use_case.execute(&actor(), &origin(), command()).await, written)
}

fn expect_new_invitation(unit: &mut StagedUnitOfWork) {
    unit.invitations
        .expect_insert()
        .withf(|new| {
            (new.team_id, &new.email, new.role) == (team(1).id, &email(ADDRESS), Role::Member)
                && new.state == InvitationState::Pending
                && new.invited_by == Some(user_id(1))
                && new.expires_at == NOW + Duration::days(7)
        })
        .times(1)
        .returning(|_| Ok(()));
}

/// One mail with a token, to the address and to no account by name.
fn assert_letter(written: &Written) {
    let mails = written.mails();
    assert_eq!(mails.len(), 1);
    assert!(matches!(mails[0].kind, MailKind::Invitation { role: Role::Member, .. }));
    assert_eq!(mails[0].recipient, email(ADDRESS));
    assert!(mails[0].sealed_token.is_some() && mails[0].invitation_id.is_some());
    assert_eq!((mails[0].user_id, &mails[0].recipient_name), (None, &None));
}

#[tokio::test]
async fn an_address_without_an_account_is_invited_and_it_commits() {
    let mut unit = unit(None, None, None);
    expect_new_invitation(&mut unit);
    let (invited, written) = invite(mocks(), Some(unit)).await;
    invited.unwrap();
    assert!(written.committed());
    assert_letter(&written);
    let event = written.events().remove(0);
    assert_eq!((event.kind, event.user_id), (AuditKind::MemberInvited, None));
    assert_eq!(event.detail.as_deref(), Some("member"));
}

#[tokio::test(start_paused = true)]
async fn a_verified_account_is_a_member_at_once() {
    let mut unit = unit(Some(account(true)), None, None);
    unit.memberships.expect_insert().with(eq(membership(2, Role::Member))).times(1).returning(|_| Ok(()));
    let (steps, (invited, written)) = steps_of(invite(mocks(), Some(unit))).await;
    assert_eq!((steps, invited.is_ok()), (0, true), "the list of members tells anyway");
    assert!(written.committed());
    let event = written.events().remove(0);
    assert_eq!((event.kind, event.user_id), (AuditKind::MemberAdded, Some(user_id(2))));
    let mail = written.mails().remove(0);
    assert!(matches!(mail.kind, MailKind::AddedToTeam { .. }));
    assert_eq!((mail.user_id, mail.sealed_token), (Some(user_id(2)), None));
}

#[tokio::test]
async fn an_invitation_that_waited_for_a_verified_account_is_settled() {
    let pending = invitation(ADDRESS, Role::Admin);
    let mut unit = unit(Some(account(true)), None, Some(pending.clone()));
    let held = pending.id;
    unit.memberships.expect_insert().returning(|_| Ok(()));
    unit.invitations
        .expect_settle()
        .with(eq(pending.id), eq(InvitationState::Accepted), eq(Some(user_id(2))))
        .times(1)
        .returning(|_, _, _| Ok(true));
    let (invited, written) = invite(mocks(), Some(unit)).await;
    invited.unwrap();
    assert_eq!(written.withdrawn(), [held], "there is nothing left to accept");
}

#[tokio::test]
async fn an_unverified_account_awaits_and_the_invitation_is_mailed_all_the_same() {
    let mut unit = unit(Some(account(false)), None, None);
    unit.memberships.expect_insert().with(eq(awaiting(Role::Member))).times(1).returning(|_| Ok(()));
    expect_new_invitation(&mut unit);
    let (invited, written) = invite(mocks(), Some(unit)).await;
    invited.unwrap();
    assert_letter(&written);
    assert_eq!(written.audited(), [AuditKind::MemberInvited]);
}

#[tokio::test]
async fn a_second_invitation_of_an_awaiting_member_changes_role_token_and_expiry() {
    let former = invitation(ADDRESS, Role::Admin);
    let digest = former.digest;
    let mut unit = unit(Some(account(false)), Some(awaiting(Role::Admin)), Some(former));
    unit.memberships.expect_update().with(eq(awaiting(Role::Member))).times(1).returning(|_| Ok(true));
    unit.invitations
        .expect_renew()
        .withf(move |renewed| renewed.role == Role::Member && renewed.digest != digest)
        .times(1)
        .returning(|_| Ok(true));
    let (invited, written) = invite(mocks(), Some(unit)).await;
    invited.unwrap();
    assert_letter(&written);
}

#[tokio::test]
async fn where_everybody_has_to_accept_nobody_is_added() {
    for verified in [true, false] {
        let mut mocks = mocks();
        mocks.policy.add_existing = false;
        let mut unit = unit(Some(account(verified)), None, None);
        expect_new_invitation(&mut unit);
        let (invited, written) = invite(mocks, Some(unit)).await;
        invited.unwrap();
        assert_letter(&written);
    }
}

#[tokio::test(start_paused = true)]
async fn where_everybody_has_to_accept_an_unknown_address_costs_what_a_known_one_does() {
    for account in [None, Some(account(true))] {
        let mut mocks = mocks();
        mocks.policy.add_existing = false;
        let mut unit = StagedUnitOfWork::default();
        let locked = account.clone();
        unit.users.expect_find_by_email().times(1).returning(move |_| Ok(account.clone()));
        unit.users.expect_lock().times(1).returning(move |id| Ok(locked.clone().filter(|user| user.id == id)));
        unit.hold_sessions();
        let admin = || Some((team(1), membership(1, Role::Admin)));
        unit.teams.expect_lock_with_membership().times(1).returning(move |_, _| Ok(admin()));
        unit.memberships.expect_find().times(1).returning(|_, _| Ok(None));
        unit.invitations.expect_lock_pending().times(1).returning(|_, _| Ok(None));
        expect_new_invitation(&mut unit);
        let (steps, (invited, written)) = steps_of(invite(mocks, Some(unit))).await;
        assert_eq!((steps, invited.is_ok()), (1, true));
        assert_letter(&written);
    }
}

#[tokio::test]
async fn an_active_member_keeps_its_role() {
    let (refused, written) =
        invite(mocks(), Some(unit(Some(account(true)), Some(membership(2, Role::Member)), None))).await;
    assert_eq!(refused.unwrap_err().code(), "already_member");
    assert!(!written.committed());
}

/// What was taken back of an invitation's limits, by the name of the limit.
fn noting_refunds(mocks: &mut Mocks) -> Arc<Mutex<Vec<&'static str>>> {
    let refunded: Arc<Mutex<Vec<&'static str>>> = Arc::default();
    let log = Arc::clone(&refunded);
    mocks.rate_limiter = MockRateLimiter::new();
    mocks.rate_limiter.expect_acquire().returning(|_| LimitVerdict::Allowed);
    mocks.rate_limiter.expect_refund().returning(move |hit| log.lock().unwrap().push(hit.rule.name));
    refunded
}

#[tokio::test]
async fn only_what_is_mailed_uses_up_the_invitations_of_the_address() {
    let mut refused = mocks();
    let refunded = noting_refunds(&mut refused);
    let member = unit(Some(account(true)), Some(membership(2, Role::Member)), None);
    invite(refused, Some(member)).await.0.unwrap_err();
    assert_eq!(*refunded.lock().unwrap(), ["invite_address"], "the actor and the team keep theirs counted");

    let mut mailed = mocks();
    let refunded = noting_refunds(&mut mailed);
    let mut stranger = unit(None, None, None);
    expect_new_invitation(&mut stranger);
    invite(mailed, Some(stranger)).await.0.unwrap();
    assert!(refunded.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_account_that_gave_the_address_up_a_moment_ago_is_not_added() {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(&[membership(1, Role::Admin)]);
    unit.users.expect_find_by_email().returning(|_| Ok(Some(account(true))));
    unit.users.expect_lock().returning(|_| Ok(Some(User { email: email("other@example.com"), ..user(2) })));
    unit.invitations.expect_lock_pending().returning(|_, _| Ok(None));
    expect_new_invitation(&mut unit);
    let (invited, written) = invite(mocks(), Some(unit)).await;
    invited.unwrap();
    assert_letter(&written);
}

#[tokio::test]
async fn it_takes_an_admin_before_anything_is_counted() {
    for (members, code) in [(vec![membership(1, Role::Member)], "team_admin_required"), (vec![], "team_not_found")] {
        let mut mocks = Mocks::default();
        mocks.hold_team(&members);
        mocks.rate_limiter = MockRateLimiter::new();
        let refusals = |hit: &Hit| hit.rule.name == "refusals_audited";
        mocks.rate_limiter.expect_acquire().withf(refusals).returning(|_| LimitVerdict::Allowed);
        assert_eq!(invite(mocks, None).await.0.unwrap_err().code(), code);
    }
}

#[tokio::test]
async fn an_admin_who_was_removed_a_moment_ago_invites_nobody() {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(&[]);
    unit.users.expect_find_by_email().returning(|_| Ok(None));
    unit.users.expect_lock().returning(|_| Ok(None));
    let (refused, written) = invite(mocks(), Some(unit)).await;
    assert_eq!(refused.unwrap_err().code(), "team_not_found");
    assert!(!written.committed());
}

#[tokio::test]
async fn too_many_invitations_are_refused() {
    let mut mocks = mocks();
    mocks.rate_limiter = MockRateLimiter::new();
    mocks.rate_limiter.expect_acquire().returning(|_| LimitVerdict::Refused { retry_after: Duration::HOUR });
    assert_eq!(invite(mocks, None).await.0.unwrap_err().code(), "rate_limited");
}

#[tokio::test]
async fn whoever_was_added_at_the_same_moment_is_a_member_already() {
    let mut unit = unit(Some(account(true)), None, None);
    unit.memberships.expect_insert().returning(|_| Err(WriteError::Conflict(Conflict::MembershipExists)));
    let (refused, written) = invite(mocks(), Some(unit)).await;
    assert_eq!(refused.unwrap_err().code(), "already_member");
    assert!(!written.committed());
}

#[tokio::test]
async fn an_invitation_made_at_the_same_moment_asks_to_try_again() {
    let mut unit = unit(None, None, None);
    unit.invitations.expect_insert().returning(|_| Err(WriteError::Conflict(Conflict::InvitationPending)));
    let (refused, written) = invite(mocks(), Some(unit)).await;
    assert_eq!(refused.unwrap_err().code(), "service_unavailable");
    assert!(!written.committed());
}

#[tokio::test]
async fn when_it_fails_halfway_nothing_is_committed() {
    let mut unit = unit(Some(account(false)), None, None);
    unit.memberships.expect_insert().returning(|_| Ok(()));
    unit.invitations.expect_insert().returning(|_| Err(Fault::unavailable("database", "gone").into()));
    let (failed, written) = invite(mocks(), Some(unit)).await;
    assert_eq!(failed.unwrap_err().code(), "service_unavailable");
    assert!(!written.committed());
}
