//! Mails a pending invitation again, with a new token and expiry.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::ids::{InvitationId, TeamId};
use countersign_domain::invitation::{Invitation, InvitationState};
use countersign_domain::team::permissions::Permission;
use time::OffsetDateTime;

use crate::actor::Actor;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::limits::LimitExceeded;
use crate::ports::clock::Clock;
use crate::ports::invitation_repository::InvitationRepository;
use crate::teams::access::{TeamAccess, TeamAccessError};
use crate::teams::invitation_letter::InvitationLetters;
use crate::teams::invitation_limits::InvitationLimits;
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct ResendInvitationCommand {
    /// Of which team.
    pub team_id: TeamId,
    /// Which.
    pub invitation_id: InvitationId,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ResendInvitationError {
    /// No such invitation in this team.
    #[error("no such invitation in this team")]
    InvitationNotFound,
    /// This invitation was accepted or revoked; invite again.
    #[error("this invitation was accepted or revoked; invite again")]
    InvitationNotPending,
    /// The team is not there for the actor, or it takes an admin.
    #[error(transparent)]
    Access(#[from] TeamAccessError),
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ResendInvitationError {
    InvitationNotFound => Missing "invitation_not_found",
    InvitationNotPending => Conflict "invitation_not_pending",
} via { Access, Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ResendInvitation {
    clock: Arc<dyn Clock>,
    access: TeamAccess,
    invitations: Arc<dyn InvitationRepository>,
    limits: InvitationLimits,
    letters: InvitationLetters,
    trail: Trail,
}

impl ResendInvitation {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            access: TeamAccess::new(dependencies),
            invitations: Arc::clone(&dependencies.invitations),
            limits: InvitationLimits::new(dependencies),
            letters: InvitationLetters::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Mails a pending invitation again, with a new token and expiry; the former token is dead. An expired one
    /// lives again.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: ResendInvitationCommand,
    ) -> Result<(), ResendInvitationError> {
        let ResendInvitationCommand { team_id, invitation_id } = command.clone();
        self.access.require(actor, origin, team_id, Permission::ManageInvitations).await?;
        let seen = pending(self.invitations.find_by_id(team_id, invitation_id).await?)?;
        let now = self.clock.now();
        let counted = self.limits.acquire(actor, team_id, &seen.email, now).await?;
        if let Err(error) = self.resend(actor, origin, command, now).await {
            self.limits.unmailed(counted).await;
            return Err(error);
        }
        Ok(())
    }

    async fn resend(
        &self,
        actor: &Actor,
        origin: &Origin,
        ResendInvitationCommand { team_id, invitation_id }: ResendInvitationCommand,
        now: OffsetDateTime,
    ) -> Result<(), ResendInvitationError> {
        let (uow, team) = self.access.begin(actor, origin, team_id, Permission::ManageInvitations).await?;
        let mut invitation = pending(uow.invitations().find_by_id(team_id, invitation_id).await?)?;
        let token = self.letters.token(now);
        invitation.renew(invitation.role, token.secret.digest(), actor.id(), token.expires_at);
        if !uow.invitations().renew(&invitation).await? {
            return Err(ResendInvitationError::InvitationNotPending);
        }
        uow.outbox().replace(&self.letters.write(&invitation, &token, &team, &actor.user, now)?).await?;
        let event = self.trail.event(AuditKind::InvitationResent, origin, now).by(actor.id()).in_team(team_id);
        uow.audit().append(&event).await?;
        finish(uow, [], &self.trail, [event]).await?;
        Ok(())
    }
}

fn pending(invitation: Option<Invitation>) -> Result<Invitation, ResendInvitationError> {
    let invitation = invitation.ok_or(ResendInvitationError::InvitationNotFound)?;
    if invitation.state == InvitationState::Pending {
        Ok(invitation)
    } else {
        Err(ResendInvitationError::InvitationNotPending)
    }
}

#[cfg(test)]
mod tests;
