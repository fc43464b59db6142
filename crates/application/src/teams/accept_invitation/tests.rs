use countersign_domain::session::Session;
use countersign_domain::team::membership::{Membership, MembershipStatus};
use countersign_domain::team::role::Role;
use countersign_domain::user::{Credentials, User};
use mockall::predicate::eq;
use time::Duration;

use super::*;
use crate::error::{Classify, Kind};
use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
use crate::testing::{
    Mocks, NOW, StagedUnitOfWork, Written, actor, credentials, email, invitation, membership, origin, session, team,
    user, user_id,
};

/// Address of the first account, which is the actor's.
const ADDRESS: &str = "user1@example.com";

fn pending() -> Invitation {
    invitation(ADDRESS, Role::Admin)
}

fn accepted_by(n: u64) -> Invitation {
    Invitation { state: InvitationState::Accepted, accepted_by: Some(user_id(n)), ..pending() }
}

fn unverified() -> User {
    User { email_verified: false, ..user(1) }
}

fn awaiting(role: Role) -> Membership {
    Membership { status: MembershipStatus::AwaitingVerification, ..membership(1, role) }
}

fn signed_in() -> AcceptInvitationCommand {
    AcceptInvitationCommand { token: Secret::new("invitation-token"), actor: Some(actor()) }
}

fn anonymous() -> AcceptInvitationCommand {
    AcceptInvitationCommand { token: Secret::new("invitation-token"), actor: None }
}

fn mocks(found: Invitation) -> Mocks {
    let mut mocks = Mocks::default();
    mocks
        .invitations
        .expect_find_by_digest()
        .returning(move |digest| Ok(Some(found.clone()).filter(|found| found.digest == *digest)));
    mocks.users.expect_find_by_email().returning(|email| Ok(Some(user(1)).filter(|user| user.email == *email)));
    mocks
}

/// The account and the team under their locks, with these members and this invitation.
fn unit(account: User, members: &[Membership], found: Option<Invitation>) -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team_as(team(1), members);
    unit.hold_session(Credentials { user: account.clone(), ..credentials(1) }, session(1));
    unit.users.expect_lock().with(eq(account.id)).returning(move |_| Ok(Some(account.clone())));
    unit.invitations
        .expect_find_by_digest()
        .returning(move |digest| Ok(found.clone().filter(|found| found.digest == *digest)));
    unit
}

fn settles(unit: &mut StagedUnitOfWork, won: bool) {
    unit.invitations
        .expect_settle()
        .with(eq(pending().id), eq(InvitationState::Accepted), eq(Some(user_id(1))))
        .times(1)
        .returning(move |_, _, _| Ok(won));
}

async fn accept(
    mut mocks: Mocks,
    unit: Option<StagedUnitOfWork>,
    command: AcceptInvitationCommand,
) -> (Result<Team, AcceptInvitationError>, Written) {
    let written = unit.map(|unit| mocks.stage(unit)).unwrap_or_default();
    let use_case = AcceptInvitation::new(&mocks.into_dependencies());
    (use_case.execute(&origin(), command).await, written)
}

#[tokio::test]
async fn a_verified_account_joins_with_the_invited_role_and_it_commits() {
    for command in [signed_in(), anonymous()] {
        let by = command.actor.as_ref().map(Actor::id);
        let mut unit = unit(user(1), &[], Some(pending()));
        settles(&mut unit, true);
        unit.memberships.expect_insert().with(eq(membership(1, Role::Admin))).times(1).returning(|_| Ok(()));
        let (accepted, written) = accept(mocks(pending()), Some(unit), command).await;
        assert_eq!(accepted.unwrap(), team(1));
        assert!(written.committed());
        let event = written.events().remove(0);
        assert_eq!((event.kind, event.actor_id, event.user_id), (AuditKind::InvitationAccepted, by, Some(user_id(1))));
    }
}

#[tokio::test]
async fn accepting_while_signed_in_proves_the_address() {
    let mut unit = unit(unverified(), &[], Some(pending()));
    settles(&mut unit, true);
    unit.users
        .expect_update()
        .withf(|user| user.id == user_id(1) && user.email_verified)
        .times(1)
        .returning(|_| Ok(()));
    unit.memberships.expect_activate_awaiting().with(eq(user_id(1))).times(1).returning(|_| Ok(vec![team(2).id]));
    unit.invitations.expect_lock_pending().returning(|_, _| Ok(None));
    unit.memberships.expect_insert().with(eq(membership(1, Role::Admin))).times(1).returning(|_| Ok(()));
    let mut command = signed_in();
    command.actor = Some(Actor { user: unverified(), ..actor() });
    let (accepted, written) = accept(mocks(pending()), Some(unit), command).await;
    accepted.unwrap();
    assert_eq!(written.audited(), [AuditKind::EmailVerified, AuditKind::InvitationAccepted]);
}

#[tokio::test]
async fn accepting_without_signing_in_proves_nothing() {
    // Nothing settles the invitation: it is open until the membership counts.
    let mut unit = unit(unverified(), &[], Some(pending()));
    unit.memberships.expect_insert().with(eq(awaiting(Role::Admin))).times(1).returning(|_| Ok(()));
    let (accepted, written) = accept(mocks(pending()), Some(unit), anonymous()).await;
    assert_eq!(accepted.unwrap(), team(1));
    assert!(written.committed());
    let event = written.events().remove(0);
    assert_eq!((event.kind, event.actor_id, event.user_id), (AuditKind::InvitationAccepted, None, Some(user_id(1))));
    assert_eq!(event.detail.as_deref(), Some("awaiting_verification"));
}

#[tokio::test]
async fn a_membership_that_waits_already_is_asked_for_again_in_vain_and_without_an_error() {
    let unit = unit(unverified(), &[awaiting(Role::Member)], Some(pending()));
    let (repeated, written) = accept(mocks(pending()), Some(unit), anonymous()).await;
    assert_eq!(repeated.unwrap(), team(1));
    assert!(!written.committed() && written.audited().is_empty());
}

#[tokio::test]
async fn a_member_keeps_the_role_that_it_has() {
    for member in [membership(1, Role::Member), awaiting(Role::Member)] {
        let mut unit = unit(user(1), &[member], Some(pending()));
        settles(&mut unit, true);
        let (accepted, written) = accept(mocks(pending()), Some(unit), signed_in()).await;
        accepted.unwrap();
        assert!(written.committed());
    }
}

#[tokio::test]
async fn the_account_that_used_it_and_is_still_a_member_may_repeat() {
    for command in [signed_in(), anonymous()] {
        let unit = unit(user(1), &[membership(1, Role::Member)], Some(accepted_by(1)));
        let (repeated, written) = accept(mocks(accepted_by(1)), Some(unit), command).await;
        assert_eq!(repeated.unwrap(), team(1));
        assert_eq!(written.audited(), []);
    }
}

#[tokio::test]
async fn a_removed_member_cannot_come_back_with_it() {
    for command in [signed_in(), anonymous()] {
        let unit = unit(user(1), &[], Some(accepted_by(1)));
        let (refused, written) = accept(mocks(accepted_by(1)), Some(unit), command).await;
        assert_eq!(refused.unwrap_err().code(), "invalid_token");
        assert!(!written.committed());
    }
}

#[tokio::test]
async fn a_token_that_another_account_used_is_dead() {
    let (refused, _) = accept(mocks(accepted_by(2)), None, signed_in()).await;
    assert_eq!(refused.unwrap_err().code(), "invalid_token");
}

#[tokio::test]
async fn another_account_is_turned_away_and_audited() {
    let mocks = mocks(invitation("other@example.com", Role::Member));
    let recorded = mocks.recorded.clone();
    let (refused, _) = accept(mocks, None, signed_in()).await;
    assert_eq!(refused.unwrap_err().code(), "invitation_for_another_account");
    let event = recorded.events().remove(0);
    assert_eq!((event.kind, event.actor_id), (AuditKind::AccessDenied, Some(user_id(1))));
}

#[tokio::test]
async fn an_address_without_an_account_has_to_register() {
    let (refused, _) = accept(mocks(invitation("other@example.com", Role::Member)), None, anonymous()).await;
    assert_eq!(refused.unwrap_err().code(), "account_required");
}

#[tokio::test]
async fn an_unknown_token_is_refused_counted_and_audited() {
    let mut mocks = mocks(pending());
    mocks.rate_limiter = MockRateLimiter::new();
    mocks.rate_limiter.expect_peek().times(1).returning(|_| LimitVerdict::Allowed);
    mocks
        .rate_limiter
        .expect_acquire()
        .withf(|hit| hit.rule.name == "token_failures_ip")
        .times(1)
        .returning(|_| LimitVerdict::Allowed);
    let recorded = mocks.recorded.clone();
    let command = AcceptInvitationCommand { token: Secret::new("another-token"), actor: None };
    let (refused, _) = accept(mocks, None, command).await;
    assert_eq!(refused.unwrap_err().code(), "invalid_token");
    assert_eq!(recorded.audited(), [AuditKind::TokenRefused]);
}

#[tokio::test]
async fn a_revoked_or_expired_invitation_is_refused() {
    let revoked = Invitation { state: InvitationState::Revoked, ..pending() };
    let expired = Invitation { expires_at: NOW, ..pending() };
    for found in [revoked, expired] {
        for command in [signed_in(), anonymous()] {
            let (refused, _) = accept(mocks(found.clone()), None, command).await;
            assert_eq!(refused.unwrap_err().code(), "invalid_token");
        }
    }
}

#[tokio::test]
async fn a_token_that_died_a_moment_ago_is_refused() {
    let renewed = None;
    let revoked = Some(Invitation { state: InvitationState::Revoked, ..pending() });
    for found in [renewed, revoked] {
        let (refused, written) = accept(mocks(pending()), Some(unit(user(1), &[], found)), signed_in()).await;
        assert_eq!(refused.unwrap_err().code(), "invalid_token");
        assert!(!written.committed());
    }
}

#[tokio::test]
async fn an_invitation_into_a_team_that_is_gone_is_refused() {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_sessions();
    unit.teams.expect_lock().returning(|_| Ok(None));
    let (refused, _) = accept(mocks(pending()), Some(unit), signed_in()).await;
    assert_eq!(refused.unwrap_err().code(), "invalid_token");
}

#[tokio::test]
async fn an_account_that_gave_the_address_up_or_was_deactivated_a_moment_ago_does_not_join() {
    let moved = User { email: email("moved@example.com"), ..user(1) };
    let inactive = User { is_active: false, ..user(1) };
    for account in [moved, inactive] {
        let unit = unit(account, &[], Some(pending()));
        let (refused, written) = accept(mocks(pending()), Some(unit), signed_in()).await;
        assert_eq!(refused.unwrap_err().code(), "invalid_token");
        assert!(!written.committed());
    }
}

#[tokio::test]
async fn whoever_was_signed_out_a_moment_ago_does_not_join_and_proves_nothing() {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_session(credentials(1), Session { ended_at: Some(NOW), ..session(1) });
    let (refused, written) = accept(mocks(pending()), Some(unit), signed_in()).await;
    let refused = refused.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (Kind::Unauthenticated, "invalid_token"));
    assert!(!written.committed());
}

/// The unit of work in which another request settles the invitation first, for that account.
fn losing_to(n: u64) -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(&[membership(1, Role::Admin)]);
    unit.invitations.expect_find_by_digest().times(1).returning(|_| Ok(Some(pending())));
    unit.invitations.expect_find_by_digest().returning(move |_| Ok(Some(accepted_by(n))));
    settles(&mut unit, false);
    unit
}

#[tokio::test]
async fn of_two_requests_of_one_account_both_succeed() {
    let (accepted, written) = accept(mocks(pending()), Some(losing_to(1)), signed_in()).await;
    assert_eq!(accepted.unwrap(), team(1));
    assert_eq!(written.audited(), [], "the other one did it");
}

#[tokio::test]
async fn of_two_accounts_one_loses() {
    let (refused, written) = accept(mocks(pending()), Some(losing_to(2)), signed_in()).await;
    assert_eq!(refused.unwrap_err().code(), "invalid_token");
    assert!(!written.committed());
}

#[tokio::test]
async fn a_network_with_too_many_refused_tokens_has_to_wait() {
    let mut at_the_door = Mocks { rate_limiter: MockRateLimiter::new(), ..Mocks::default() };
    at_the_door.rate_limiter.expect_peek().returning(|_| LimitVerdict::Refused { retry_after: Duration::MINUTE });
    let (refused, _) = accept(at_the_door, None, signed_in()).await;
    assert_eq!(refused.unwrap_err().code(), "rate_limited");

    let mut with_the_last = mocks(pending());
    with_the_last.rate_limiter = MockRateLimiter::new();
    with_the_last.rate_limiter.expect_peek().returning(|_| LimitVerdict::Allowed);
    with_the_last.rate_limiter.expect_acquire().returning(|_| LimitVerdict::Refused { retry_after: Duration::MINUTE });
    let command = AcceptInvitationCommand { token: Secret::new("another-token"), actor: None };
    assert_eq!(accept(with_the_last, None, command).await.0.unwrap_err().code(), "rate_limited");
}

#[tokio::test]
async fn when_it_fails_halfway_nothing_is_committed() {
    let mut unit = unit(user(1), &[], Some(pending()));
    settles(&mut unit, true);
    unit.memberships.expect_insert().returning(|_| Err(Fault::unavailable("database", "gone").into()));
    let (failed, written) = accept(mocks(pending()), Some(unit), signed_in()).await;
    assert_eq!(failed.unwrap_err().code(), "service_unavailable");
    assert!(!written.committed());
}
