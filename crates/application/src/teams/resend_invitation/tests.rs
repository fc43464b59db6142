use countersign_domain::team::role::Role;
use mockall::predicate::eq;
use time::Duration;

use super::*;
use crate::error::Classify;
use crate::ports::rate_limiter::{Hit, LimitVerdict, MockRateLimiter};
use crate::testing::{Mocks, NOW, StagedUnitOfWork, Written, actor, invitation, membership, origin, team};

fn command() -> ResendInvitationCommand {
    ResendInvitationCommand { team_id: team(1).id, invitation_id: invitation("new@example.com", Role::Member).id }
}

fn in_state(state: InvitationState) -> Invitation {
    Invitation { state, ..invitation("new@example.com", Role::Member) }
}

fn mocks(found: Option<Invitation>) -> Mocks {
    let mut mocks = Mocks::default();
    mocks.hold_team(&[membership(1, Role::Admin)]);
    mocks
        .invitations
        .expect_find_by_id()
        .returning(move |team, id| Ok(found.clone().filter(|found| found.team_id == team && found.id == id)));
    mocks
}

fn unit(found: Invitation) -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(&[membership(1, Role::Admin)]);
    unit.invitations
        .expect_find_by_id()
        .with(eq(team(1).id), eq(found.id))
        .returning(move |_, _| Ok(Some(found.clone())));
    unit
}

async fn resend(mut mocks: Mocks, unit: Option<StagedUnitOfWork>) -> (Result<(), ResendInvitationError>, Written) {
    let written = unit.map(|unit| mocks.stage(unit)).unwrap_or_default();
    let use_case = ResendInvitation::new(&mocks.into_dependencies());
    (use_case.execute(&actor(), &origin(), command()).await, written)
}

#[tokio::test]
async fn a_pending_invitation_is_mailed_with_a_new_token_and_it_commits() {
    let former = in_state(InvitationState::Pending);
    let mut unit = unit(former.clone());
    let digest = former.digest;
    unit.invitations
        .expect_renew()
        .withf(move |renewed| {
            renewed.digest != digest && renewed.expires_at == NOW + Duration::days(14) && renewed.role == Role::Member
        })
        .times(1)
        .returning(|_| Ok(true));
    let mocks = mocks(Some(former.clone()));
    mocks.clock.advance(Duration::days(7));
    let (resent, written) = resend(mocks, Some(unit)).await;
    resent.unwrap();
    assert!(written.committed());
    assert_eq!(written.audited(), [AuditKind::InvitationResent]);
    let mail = written.mails().remove(0);
    assert_eq!((mail.recipient, mail.invitation_id), (former.email, Some(former.id)));
    assert_eq!(mail.token_expires_at, Some(NOW + Duration::days(14)), "it had expired and lives again");
    assert!(mail.sealed_token.is_some());
}

#[tokio::test]
async fn one_that_was_answered_is_not_mailed_again() {
    for state in [InvitationState::Accepted, InvitationState::Revoked] {
        let (refused, _) = resend(mocks(Some(in_state(state))), None).await;
        assert_eq!(refused.unwrap_err().code(), "invitation_not_pending");
    }
}

#[tokio::test]
async fn one_that_was_answered_a_moment_ago_is_not_mailed_again_and_uses_up_no_mail_to_the_address() {
    let mut mocks = mocks(Some(in_state(InvitationState::Pending)));
    mocks.rate_limiter = MockRateLimiter::new();
    mocks.rate_limiter.expect_acquire().returning(|_| LimitVerdict::Allowed);
    mocks.rate_limiter.expect_refund().withf(|hit| hit.rule.name == "invite_address").times(1).returning(|_| ());
    let (refused, written) = resend(mocks, Some(unit(in_state(InvitationState::Revoked)))).await;
    assert_eq!(refused.unwrap_err().code(), "invitation_not_pending");
    assert!(!written.committed() && written.mails().is_empty());
}

#[tokio::test]
async fn an_unknown_one_uses_up_no_limit() {
    let mut mocks = mocks(None);
    mocks.rate_limiter = MockRateLimiter::new();
    let (refused, _) = resend(mocks, None).await;
    assert_eq!(refused.unwrap_err().code(), "invitation_not_found");
}

#[tokio::test]
async fn it_takes_an_admin_before_anything_is_counted() {
    let mut mocks = Mocks::default();
    mocks.hold_team(&[membership(1, Role::Member)]);
    mocks.rate_limiter = MockRateLimiter::new();
    let refusals = |hit: &Hit| hit.rule.name == "refusals_audited";
    mocks.rate_limiter.expect_acquire().withf(refusals).returning(|_| LimitVerdict::Allowed);
    let (refused, _) = resend(mocks, None).await;
    assert_eq!(refused.unwrap_err().code(), "team_admin_required");
}

#[tokio::test]
async fn it_counts_as_an_invitation() {
    let mut mocks = mocks(Some(in_state(InvitationState::Pending)));
    mocks.rate_limiter = MockRateLimiter::new();
    mocks.rate_limiter.expect_acquire().returning(|_| LimitVerdict::Refused { retry_after: Duration::HOUR });
    let refused = resend(mocks, None).await.0.unwrap_err();
    assert_eq!((refused.code(), refused.retry_after()), ("rate_limited", Some(Duration::HOUR)));
}

#[tokio::test]
async fn when_it_fails_halfway_nothing_is_committed() {
    let mut unit = unit(in_state(InvitationState::Pending));
    unit.invitations.expect_renew().returning(|_| Err(Fault::unavailable("database", "gone")));
    let (failed, written) = resend(mocks(Some(in_state(InvitationState::Pending))), Some(unit)).await;
    assert_eq!(failed.unwrap_err().code(), "service_unavailable");
    assert!(!written.committed());
}
