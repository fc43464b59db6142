//! The rows that an acceptance writes, under the locks of account and team.

use countersign_domain::audit::{AuditEvent, AuditKind, Origin};
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::invitation::{Invitation, InvitationState};
use countersign_domain::secret::TokenDigest;
use countersign_domain::team::Team;
use countersign_domain::team::membership::{Membership, MembershipStatus};
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::actor::Actor;
use crate::auth::authenticate::AuthenticateError;
use crate::error::{Fault, WriteError};
use crate::ports::unit_of_work::UnitOfWork;
use crate::snapshots::Entry;
use crate::teams::awaiting;
use crate::trail::Trail;

/// An account with the token of an invitation.
pub(crate) struct Claim {
    pub(crate) digest: TokenDigest,
    pub(crate) team_id: TeamId,
    pub(crate) account: UserId,
    /// The account, where it is signed in: whoever reads the mail of the address then also controls the account.
    pub(crate) actor: Option<Actor>,
    pub(crate) now: OffsetDateTime,
}

/// What came of it.
pub(crate) enum Claimed {
    /// To be committed.
    Joined(Joined),
    /// The account had used it before and is still a member.
    Repeated(Team),
    /// The token is good for nothing any more.
    Refused,
}

/// What to do once the acceptance is committed.
pub(crate) struct Joined {
    pub(crate) team: Team,
    pub(crate) events: Vec<AuditEvent>,
    pub(crate) stale: Vec<Entry>,
}

impl Claim {
    /// Judges once more what was read before the locks, and lets one caller win.
    pub(crate) async fn settle(
        &self,
        uow: &dyn UnitOfWork,
        trail: &Trail,
        origin: &Origin,
    ) -> Result<Claimed, AuthenticateError> {
        let locked = match &self.actor {
            Some(actor) => Some(actor.lock(uow, self.now).await?.user),
            None => uow.users().lock(self.account).await?,
        };
        let Some(user) = locked else { return Ok(Claimed::Refused) };
        let Some(team) = uow.teams().lock(self.team_id).await? else { return Ok(Claimed::Refused) };
        let Some(invitation) = uow.invitations().find_by_digest(&self.digest).await? else {
            return Ok(Claimed::Refused);
        };
        if invitation.state == InvitationState::Accepted {
            return Ok(self.repeat(uow, &invitation, team).await?);
        }
        if !invitation.is_open(self.now) || user.email != invitation.email {
            return Ok(Claimed::Refused);
        }
        if !self.proven() && !user.email_verified {
            return Ok(self.await_proof(uow, &user, &invitation, team, trail, origin).await?);
        }
        if !uow.invitations().settle(invitation.id, InvitationState::Accepted, Some(user.id)).await? {
            return match uow.invitations().find_by_digest(&self.digest).await? {
                Some(settled) => Ok(self.repeat(uow, &settled, team).await?),
                None => Ok(Claimed::Refused),
            };
        }
        let mut joined = Joined { team, events: vec![], stale: vec![Entry::Membership(user.id, self.team_id)] };
        let user = self.prove_address(uow, user, &mut joined, trail, origin).await?;
        self.join(uow, &user, &invitation).await?;
        let mut accepted = trail.event(AuditKind::InvitationAccepted, origin, self.now).about(user.id);
        accepted.actor_id = self.proven().then_some(user.id);
        joined.events.push(accepted.in_team(self.team_id));
        for event in &joined.events {
            uow.audit().append(event).await?;
        }
        Ok(Claimed::Joined(joined))
    }

    const fn proven(&self) -> bool {
        self.actor.is_some()
    }

    /// An account that nobody proved to own the address gets a membership that waits. The invitation stays pending until
    /// that counts: should the account give the address up, or leave, it is still good for whoever reads its mail.
    async fn await_proof(
        &self,
        uow: &dyn UnitOfWork,
        user: &User,
        invitation: &Invitation,
        team: Team,
        trail: &Trail,
        origin: &Origin,
    ) -> Result<Claimed, Fault> {
        if uow.memberships().find(user.id, self.team_id).await?.is_some() {
            return Ok(Claimed::Repeated(team));
        }
        self.join(uow, user, invitation).await?;
        let event = trail.event(AuditKind::InvitationAccepted, origin, self.now).about(user.id).in_team(self.team_id);
        let event = event.detail(MembershipStatus::AwaitingVerification.as_str());
        uow.audit().append(&event).await?;
        Ok(Claimed::Joined(Joined { team, events: vec![event], stale: vec![Entry::Membership(user.id, self.team_id)] }))
    }

    async fn repeat(&self, uow: &dyn UnitOfWork, invitation: &Invitation, team: Team) -> Result<Claimed, Fault> {
        let member = invitation.accepted_by == Some(self.account)
            && uow.memberships().find(self.account, self.team_id).await?.is_some();
        Ok(if member { Claimed::Repeated(team) } else { Claimed::Refused })
    }

    /// An account that is signed in has proven its address with the token.
    async fn prove_address(
        &self,
        uow: &dyn UnitOfWork,
        mut user: User,
        joined: &mut Joined,
        trail: &Trail,
        origin: &Origin,
    ) -> Result<User, Fault> {
        if !self.proven() || !user.verify_email(self.now) {
            return Ok(user);
        }
        uow.users().update(&user).await.map_err(WriteError::into_fault)?;
        let activated = awaiting::activate(uow, &user).await?;
        joined.stale.extend(activated.into_iter().map(|team| Entry::Membership(user.id, team)));
        joined.stale.push(Entry::Account(user.id));
        let event = trail.event(AuditKind::EmailVerified, origin, self.now).by(user.id).about(user.id);
        joined.events.push(event.detail("invitation"));
        Ok(user)
    }

    /// A membership that is there already keeps its role: it may have been changed since the invitation.
    async fn join(&self, uow: &dyn UnitOfWork, user: &User, invitation: &Invitation) -> Result<(), Fault> {
        if uow.memberships().find(user.id, self.team_id).await?.is_some() {
            return Ok(());
        }
        let membership = Membership::by_address(user.id, self.team_id, invitation.role, user.email_verified, self.now);
        uow.memberships().insert(&membership).await.map_err(WriteError::into_fault)
    }
}
