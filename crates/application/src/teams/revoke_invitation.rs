//! Withdraws a pending invitation; one that is withdrawn already stays so.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::ids::{InvitationId, TeamId, UserId};
use countersign_domain::invitation::{Invitation, InvitationState};
use countersign_domain::team::membership::MembershipStatus;
use countersign_domain::team::permissions::Permission;

use crate::actor::Actor;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::clock::Clock;
use crate::ports::id_generator::IdGenerator;
use crate::ports::invitation_repository::InvitationRepository;
use crate::ports::unit_of_work::{UnitOfWork, UnitOfWorkFactory};
use crate::ports::user_repository::UserRepository;
use crate::snapshots::{Entry, Snapshots};
use crate::teams::access::{TeamAccess, TeamAccessError};
use crate::time_padding::TimePadding;
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct RevokeInvitationCommand {
    /// Of which team.
    pub team_id: TeamId,
    /// Which.
    pub invitation_id: InvitationId,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum RevokeInvitationError {
    /// No such invitation in this team.
    #[error("no such invitation in this team")]
    InvitationNotFound,
    /// This invitation was accepted or revoked; invite again.
    #[error("this invitation was accepted or revoked; invite again")]
    InvitationNotPending,
    /// The team is not there for the actor, or it takes an admin.
    #[error(transparent)]
    Access(#[from] TeamAccessError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { RevokeInvitationError {
    InvitationNotFound => Missing "invitation_not_found",
    InvitationNotPending => Conflict "invitation_not_pending",
} via { Access, Internal } }

/// The use case.
#[derive(Clone)]
pub struct RevokeInvitation {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    access: TeamAccess,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    invitations: Arc<dyn InvitationRepository>,
    users: Arc<dyn UserRepository>,
    snapshots: Snapshots,
    trail: Trail,
    add_existing: bool,
}

impl RevokeInvitation {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            ids: Arc::clone(&dependencies.ids),
            access: TeamAccess::new(dependencies),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            invitations: Arc::clone(&dependencies.invitations),
            users: Arc::clone(&dependencies.users),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
            add_existing: dependencies.policy.add_existing,
        }
    }

    /// Withdraws a pending invitation, and its mail if that is not sent yet; one that is withdrawn already stays so. A
    /// membership that only awaits the verification of the invited address goes with it: the invitation was all it
    /// stood on.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: RevokeInvitationCommand,
    ) -> Result<(), RevokeInvitationError> {
        let padding = TimePadding::begin();
        let RevokeInvitationCommand { team_id, invitation_id } = command;
        self.access.require(actor, origin, team_id, Permission::ManageInvitations).await?;
        let invitation = self.invitations.find_by_id(team_id, invitation_id).await?;
        let invitation = invitation.ok_or(RevokeInvitationError::InvitationNotFound)?;
        if invitation.state != InvitationState::Pending {
            return settled_before(invitation.state);
        }
        let outcome = self.revoke(actor, origin, &invitation).await;
        if !self.add_existing {
            // Nobody is to be told who has an account.
            padding.end().await;
        }
        outcome
    }

    /// The same statements whether an account has the address or none.
    async fn revoke(
        &self,
        actor: &Actor,
        origin: &Origin,
        invitation: &Invitation,
    ) -> Result<(), RevokeInvitationError> {
        let team_id = invitation.team_id;
        let account = self.users.find_by_email(&invitation.email).await?;
        let account = account.map_or_else(|| UserId::new(self.ids.next_id()), |user| user.id);
        let now = self.clock.now();
        let fence = self.snapshots.fence([Entry::Membership(account, team_id)]).await;
        let uow = self.units_of_work.begin().await?;
        let locked = self.access.lock_with(account, &*uow, actor, team_id, Permission::ManageInvitations);
        let addressee = match locked.await.map_err(TeamAccessError::from)? {
            Ok((_, addressee)) => addressee.is_some_and(|user| user.email == invitation.email),
            Err(denial) => {
                drop(uow);
                return Err(self.access.deny(actor, origin, team_id, denial).await?.into());
            }
        };
        let mut events = Vec::new();
        if settle(&*uow, invitation).await? {
            uow.outbox().withdraw(invitation.id).await?;
            let event = self.trail.event(AuditKind::InvitationRevoked, origin, now);
            events.push(event.by(actor.id()).in_team(team_id));
            let awaits = awaits(&*uow, account, team_id).await?;
            if addressee && awaits && uow.memberships().remove(account, team_id).await? {
                let event = self.trail.event(AuditKind::MemberRemoved, origin, now);
                events.push(event.by(actor.id()).about(account).in_team(team_id));
            }
        }
        for event in &events {
            uow.audit().append(event).await?;
        }
        finish(uow, [fence], &self.trail, events).await?;
        Ok(())
    }
}

/// Whether this revoked it; `false` if it had been revoked before.
async fn settle(uow: &dyn UnitOfWork, invitation: &Invitation) -> Result<bool, RevokeInvitationError> {
    if uow.invitations().settle(invitation.id, InvitationState::Revoked, None).await? {
        return Ok(true);
    }
    let found = uow.invitations().find_by_id(invitation.team_id, invitation.id).await?;
    settled_before(found.ok_or(RevokeInvitationError::InvitationNotFound)?.state).map(|()| false)
}

/// What was withdrawn before stays so, and is nothing to look an account up for.
fn settled_before(state: InvitationState) -> Result<(), RevokeInvitationError> {
    match state {
        InvitationState::Revoked => Ok(()),
        _ => Err(RevokeInvitationError::InvitationNotPending),
    }
}

async fn awaits(uow: &dyn UnitOfWork, user: UserId, team_id: TeamId) -> Result<bool, Fault> {
    let membership = uow.memberships().find(user, team_id).await?;
    Ok(membership.is_some_and(|membership| membership.status == MembershipStatus::AwaitingVerification))
}

#[cfg(test)]
mod tests;
