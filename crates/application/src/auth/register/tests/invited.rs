use countersign_domain::invitation::InvitationState;
use countersign_domain::team::membership::MembershipStatus;
use countersign_domain::team::role::Role;

use super::*;
use crate::testing::{invitation, team};

const TOKEN: &str = "invitation-token";

fn invited() -> RegisterCommand {
    RegisterCommand { invitation_token: Some(Secret::new(TOKEN)), ..command() }
}

/// The invitation is this one, its team is there, and nothing has been hashed yet.
fn judging(found: Invitation) -> Mocks {
    let mut mocks = Mocks { password_hasher: password_hasher(), ..Mocks::default() };
    mocks
        .invitations
        .expect_find_by_digest()
        .returning(move |digest| Ok(Some(found.clone()).filter(|invitation| invitation.digest == *digest)));
    mocks.teams.expect_find_by_id().returning(|id| Ok(Some(team(1)).filter(|team| team.id == id)));
    mocks.users.expect_find_by_email().returning(|_| Ok(None));
    mocks
}

/// Under the lock of the team the invitation is this one; `won` says whether settling it succeeds.
fn joining(locked: Option<Invitation>, won: bool) -> StagedUnitOfWork {
    let mut uow = StagedUnitOfWork::default();
    uow.users.expect_insert().returning(|_, _| Ok(()));
    uow.teams.expect_lock().returning(|id| Ok(Some(team(1)).filter(|team| team.id == id)));
    uow.invitations.expect_find_by_digest().return_once(move |_| Ok(locked));
    uow.invitations
        .expect_settle()
        .withf(|id, state, by| {
            *id == invitation(ADDRESS, Role::Admin).id && *state == InvitationState::Accepted && by.is_some()
        })
        .returning(move |_, _, _| Ok(won));
    uow.networks.expect_remember().returning(|_, _, _| Ok(()));
    uow
}

#[tokio::test]
async fn an_invitation_proves_the_address_and_opens_the_team_at_once() {
    for mode in [RegistrationMode::Open, RegistrationMode::Invited] {
        let mut mocks = judging(invitation(ADDRESS, Role::Admin));
        mocks.policy.registration = mode;
        let mut uow = joining(Some(invitation(ADDRESS, Role::Admin)), true);
        uow.networks.checkpoint();
        uow.networks
            .expect_remember()
            .withf(|_, network, _| network.to_string() == "192.0.2.0/24")
            .times(1)
            .returning(|_, _, _| Ok(()));
        uow.memberships
            .expect_insert()
            .withf(|membership| {
                membership.team_id == team(1).id
                    && membership.role == Role::Admin
                    && membership.status == MembershipStatus::Active
            })
            .times(1)
            .returning(|_| Ok(()));
        let written = mocks.stage(uow);
        let Registration::Registered(user) = register(mocks, invited()).await.unwrap() else { panic!("concealed") };
        assert!(user.email_verified);
        assert!(written.committed());
        assert_eq!(written.audited(), [AuditKind::Registered, AuditKind::InvitationAccepted]);
        assert_eq!(written.events()[1].team_id, Some(team(1).id));
        assert_eq!(written.mails(), []);
    }
}

#[tokio::test]
async fn the_role_is_that_of_the_invitation_under_the_lock() {
    let mut mocks = judging(invitation(ADDRESS, Role::Admin));
    let mut uow = joining(Some(invitation(ADDRESS, Role::Member)), true);
    uow.memberships.expect_insert().withf(|m| m.role == Role::Member).times(1).returning(|_| Ok(()));
    mocks.stage(uow);
    register(mocks, invited()).await.unwrap();
}

#[tokio::test]
async fn an_unknown_expired_used_or_revoked_invitation_creates_nothing_and_is_counted() {
    let pending = invitation(ADDRESS, Role::Member);
    let expired = Invitation { expires_at: NOW, ..pending.clone() };
    let used = Invitation { state: InvitationState::Accepted, ..pending.clone() };
    let revoked = Invitation { state: InvitationState::Revoked, ..pending.clone() };
    let unknown = Invitation { digest: Secret::new("another").digest(), ..pending };
    for found in [expired, used, revoked, unknown] {
        let mocks = judging(found);
        let recorded = mocks.recorded.clone();
        let error = register(mocks, invited()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::BadRequest, "invalid_token"));
        assert_eq!(recorded.audited(), [AuditKind::TokenRefused]);
    }
}

#[tokio::test]
async fn an_invitation_of_another_address_creates_nothing_and_is_audited() {
    let mocks = judging(invitation("other@example.com", Role::Member));
    let recorded = mocks.recorded.clone();
    let error = register(mocks, invited()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Forbidden, "invitation_for_another_account"));
    assert_eq!(recorded.audited(), [AuditKind::AccessDenied]);
}

#[tokio::test]
async fn an_invitation_into_a_team_that_is_gone_creates_nothing() {
    let mut mocks = Mocks::default();
    mocks.invitations.expect_find_by_digest().returning(|_| Ok(Some(invitation(ADDRESS, Role::Member))));
    mocks.teams.expect_find_by_id().returning(|_| Ok(None));
    assert_eq!(register(mocks, invited()).await.unwrap_err().code(), "invalid_token");
}

#[tokio::test]
async fn an_invitation_used_revoked_or_replaced_meanwhile_creates_nothing() {
    let revoked = Invitation { state: InvitationState::Revoked, ..invitation(ADDRESS, Role::Member) };
    for (locked, won) in [(None, true), (Some(revoked), true), (Some(invitation(ADDRESS, Role::Member)), false)] {
        let mut mocks = judging(invitation(ADDRESS, Role::Member));
        let written = mocks.stage(joining(locked, won));
        assert_eq!(register(mocks, invited()).await.unwrap_err().code(), "invalid_token");
        assert!(!written.committed());
    }
}

#[tokio::test]
async fn a_team_deleted_meanwhile_creates_nothing() {
    let mut mocks = judging(invitation(ADDRESS, Role::Member));
    let mut uow = StagedUnitOfWork::default();
    uow.users.expect_insert().returning(|_, _| Ok(()));
    uow.teams.expect_lock().returning(|_| Ok(None));
    let written = mocks.stage(uow);
    assert_eq!(register(mocks, invited()).await.unwrap_err().code(), "invalid_token");
    assert!(!written.committed());
}

#[tokio::test]
async fn too_many_refused_tokens_stop_a_network() {
    let mut mocks = Mocks::default();
    let mut limiter = MockRateLimiter::new();
    limiter.expect_acquire().returning(|_| LimitVerdict::Allowed);
    limiter.expect_peek().returning(|_| LimitVerdict::Refused { retry_after: Duration::SECOND });
    mocks.rate_limiter = limiter;
    assert_eq!(register(mocks, invited()).await.unwrap_err().kind(), Kind::Limited);
}

#[tokio::test]
async fn without_the_membership_there_is_no_account_either() {
    let mut mocks = judging(invitation(ADDRESS, Role::Member));
    let mut uow = joining(Some(invitation(ADDRESS, Role::Member)), true);
    uow.memberships.expect_insert().returning(|_| Err(Fault::unavailable("database", "gone").into()));
    let written = mocks.stage(uow);
    assert_eq!(register(mocks, invited()).await.unwrap_err().kind(), Kind::Unavailable);
    assert!(!written.committed());
}
