//! Shows an invitation to whoever holds its token.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::ids::TeamId;
use countersign_domain::invitation::{Invitation, InvitationState};
use countersign_domain::name::TeamName;
use countersign_domain::secret::Secret;
use countersign_domain::team::role::Role;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::limits::{Limit, Limits, Subject};
use crate::ports::clock::Clock;
use crate::ports::invitation_repository::InvitationRepository;
use crate::ports::membership_repository::MembershipRepository;
use crate::ports::team_repository::TeamRepository;
use crate::ports::user_repository::UserRepository;

/// What to do.
#[derive(Clone, Debug)]
pub struct ShowInvitationCommand {
    /// The mailed token.
    pub token: Secret,
    /// Whoever is signed in.
    pub actor: Option<Actor>,
}

/// What the holder of the token may know: what its mail has told already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShownInvitation {
    /// It can be accepted.
    Open {
        /// Into this team.
        team_name: TeamName,
        /// By this account, if it still exists.
        inviter_name: Option<String>,
        /// As this.
        role: Role,
    },
    /// The actor has accepted it before, and is an active member of this team.
    Joined(TeamId),
    /// Nothing: there is no such token, or it is good for nothing any more, or too many were refused.
    Untold,
}

/// The use case.
#[derive(Clone)]
pub struct ShowInvitation {
    clock: Arc<dyn Clock>,
    invitations: Arc<dyn InvitationRepository>,
    memberships: Arc<dyn MembershipRepository>,
    teams: Arc<dyn TeamRepository>,
    users: Arc<dyn UserRepository>,
    limits: Limits,
}

impl ShowInvitation {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            invitations: Arc::clone(&dependencies.invitations),
            memberships: Arc::clone(&dependencies.memberships),
            teams: Arc::clone(&dependencies.teams),
            users: Arc::clone(&dependencies.users),
            limits: Limits::new(dependencies),
        }
    }

    /// Shows an invitation to whoever holds its token. Nothing is used up, counted or written: programs that look at the
    /// links of mails do as much.
    pub async fn execute(&self, origin: &Origin, command: ShowInvitationCommand) -> Result<ShownInvitation, Fault> {
        let now = self.clock.now();
        if self.limits.check(Limit::TokenFailures, Subject::Network(origin.ip), now).await.is_err() {
            return Ok(ShownInvitation::Untold);
        }
        match self.invitations.find_by_digest(&command.token.digest()).await? {
            Some(invitation) if invitation.is_open(now) => self.open(&invitation).await,
            Some(invitation) if invitation.state == InvitationState::Accepted => {
                self.accepted(&invitation, command.actor.as_ref()).await
            }
            _ => Ok(ShownInvitation::Untold),
        }
    }

    async fn open(&self, invitation: &Invitation) -> Result<ShownInvitation, Fault> {
        let Some(team) = self.teams.find_by_id(invitation.team_id).await? else { return Ok(ShownInvitation::Untold) };
        let inviter = match invitation.invited_by {
            Some(id) => self.users.find_by_id(id).await?,
            None => None,
        };
        let inviter_name = inviter.map(|inviter| inviter.full_name());
        Ok(ShownInvitation::Open { team_name: team.name, inviter_name, role: invitation.role })
    }

    async fn accepted(&self, invitation: &Invitation, actor: Option<&Actor>) -> Result<ShownInvitation, Fault> {
        let Some(actor) = actor.filter(|actor| invitation.accepted_by == Some(actor.id())) else {
            return Ok(ShownInvitation::Untold);
        };
        let membership = self.memberships.find(actor.id(), invitation.team_id).await?;
        let is_member = membership.is_some_and(|membership| membership.effective_role().is_some());
        Ok(if is_member { ShownInvitation::Joined(invitation.team_id) } else { ShownInvitation::Untold })
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::team::membership::{Membership, MembershipStatus};
    use time::Duration;

    use super::*;
    use crate::error::{Classify, Kind};
    use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
    use crate::testing::{Mocks, NOW, actor, invitation, membership, origin, outage, team, user, user_id};

    fn holding(invitation: Invitation, memberships: &[Membership]) -> Mocks {
        let mut mocks = Mocks::default();
        mocks.hold_team(memberships);
        mocks.invitations.expect_find_by_digest().returning(move |digest| {
            Ok(Some(invitation.clone()).filter(|_| *digest == Secret::new("invitation-token").digest()))
        });
        mocks.users.expect_find_by_id().returning(|id| Ok(Some(user(2)).filter(|user| user.id == id)));
        mocks
    }

    async fn show(mocks: Mocks, token: &str, actor: Option<Actor>) -> Result<ShownInvitation, Fault> {
        let command = ShowInvitationCommand { token: Secret::new(token), actor };
        // No unit of work is staged, and nothing that writes is expected.
        ShowInvitation::new(&mocks.into_dependencies()).execute(&origin(), command).await
    }

    fn open() -> Invitation {
        Invitation { invited_by: Some(user_id(2)), ..invitation("new@example.com", Role::Admin) }
    }

    fn accepted() -> Invitation {
        Invitation { state: InvitationState::Accepted, accepted_by: Some(actor().id()), ..open() }
    }

    #[tokio::test]
    async fn the_holder_of_the_token_sees_team_inviter_and_role_signed_in_or_not() {
        let expected = ShownInvitation::Open {
            team_name: team(1).name,
            inviter_name: Some("Firstname Surname".to_owned()),
            role: Role::Admin,
        };
        for actor in [None, Some(actor())] {
            assert_eq!(show(holding(open(), &[]), "invitation-token", actor).await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn an_inviter_who_is_gone_is_not_named() {
        let orphan = Invitation { invited_by: None, ..open() };
        let shown = show(holding(orphan, &[]), "invitation-token", None).await.unwrap();
        assert!(matches!(shown, ShownInvitation::Open { inviter_name: None, .. }), "{shown:?}");
    }

    #[tokio::test]
    async fn nothing_is_told_of_what_cannot_be_accepted() {
        let expired = Invitation { expires_at: NOW, ..open() };
        let revoked = Invitation { state: InvitationState::Revoked, ..open() };
        for invitation in [expired, revoked, accepted()] {
            let shown = show(holding(invitation, &[]), "invitation-token", None).await.unwrap();
            assert_eq!(shown, ShownInvitation::Untold);
        }
        assert_eq!(show(holding(open(), &[]), "another", None).await.unwrap(), ShownInvitation::Untold);
    }

    #[tokio::test]
    async fn who_accepted_it_and_is_an_active_member_has_joined() {
        let token = "invitation-token";
        let joined = holding(accepted(), &[membership(1, Role::Admin)]);
        assert_eq!(show(joined, token, Some(actor())).await.unwrap(), ShownInvitation::Joined(team(1).id));
        let mut awaiting = membership(1, Role::Admin);
        awaiting.status = MembershipStatus::AwaitingVerification;
        let by_another = Invitation { accepted_by: Some(user_id(2)), ..accepted() };
        for (invitation, members) in
            [(accepted(), vec![]), (accepted(), vec![awaiting]), (by_another, vec![membership(1, Role::Admin)])]
        {
            let shown = show(holding(invitation, &members), token, Some(actor())).await.unwrap();
            assert_eq!(shown, ShownInvitation::Untold);
        }
    }

    #[tokio::test]
    async fn where_too_many_tokens_were_refused_nothing_is_looked_up() {
        let mut rate_limiter = MockRateLimiter::new();
        rate_limiter.expect_peek().returning(|_| LimitVerdict::Refused { retry_after: Duration::MINUTE });
        let mocks = Mocks { rate_limiter, ..Mocks::default() };
        assert_eq!(show(mocks, "invitation-token", None).await.unwrap(), ShownInvitation::Untold);
    }

    #[tokio::test]
    async fn an_outage_is_no_unknown_token() {
        let mut mocks = Mocks::default();
        mocks.invitations.expect_find_by_digest().returning(|_| Err(outage()));
        assert_eq!(show(mocks, "invitation-token", None).await.unwrap_err().kind(), Kind::Unavailable);
    }
}
