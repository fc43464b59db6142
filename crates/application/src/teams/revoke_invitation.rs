//! Withdraws a pending invitation; one that is withdrawn already stays so.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::ids::{InvitationId, TeamId, UserId};
use countersign_domain::invitation::{Invitation, InvitationState};
use countersign_domain::team::membership::MembershipStatus;
use countersign_domain::team::permissions::Permission;
use countersign_domain::user::User;

use crate::actor::Actor;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::clock::Clock;
use crate::ports::invitation_repository::InvitationRepository;
use crate::ports::unit_of_work::{UnitOfWork, UnitOfWorkFactory};
use crate::ports::user_repository::UserRepository;
use crate::snapshots::{Entry, Snapshots};
use crate::teams::access::{TeamAccess, TeamAccessError};
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
    access: TeamAccess,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    invitations: Arc<dyn InvitationRepository>,
    users: Arc<dyn UserRepository>,
    snapshots: Snapshots,
    trail: Trail,
}

impl RevokeInvitation {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            access: TeamAccess::new(dependencies),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            invitations: Arc::clone(&dependencies.invitations),
            users: Arc::clone(&dependencies.users),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Withdraws a pending invitation, and its mail if that is not sent yet; one that is withdrawn already stays so. A membership that only awaits the
    /// verification of the invited address goes with it: the invitation was all it stood on.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: RevokeInvitationCommand,
    ) -> Result<(), RevokeInvitationError> {
        let RevokeInvitationCommand { team_id, invitation_id } = command;
        self.access.require(actor, origin, team_id, Permission::ManageInvitations).await?;
        let invitation = self.invitations.find_by_id(team_id, invitation_id).await?;
        let invitation = invitation.ok_or(RevokeInvitationError::InvitationNotFound)?;
        let account = self.users.find_by_email(&invitation.email).await?.map(|user| user.id);
        let now = self.clock.now();
        let fence = self.snapshots.fence(account.map(|id| Entry::Membership(id, team_id))).await;
        let uow = self.units_of_work.begin().await?;
        let user = lock_addressee(&*uow, account, &invitation).await?;
        if let Err(denial) = self.access.lock(&*uow, actor, team_id, Permission::ManageInvitations).await? {
            drop(uow);
            return Err(self.access.deny(actor, origin, team_id, denial).await?.into());
        }
        let mut events = Vec::new();
        if settle(&*uow, &invitation).await? {
            uow.outbox().withdraw(invitation.id).await?;
            let event = self.trail.event(AuditKind::InvitationRevoked, origin, now);
            events.push(event.by(actor.id()).in_team(team_id));
        }
        if let Some(user) = user.filter(|_| !events.is_empty())
            && remove_awaiting(&*uow, &user, team_id).await?
        {
            let event = self.trail.event(AuditKind::MemberRemoved, origin, now);
            events.push(event.by(actor.id()).about(user.id).in_team(team_id));
        }
        for event in &events {
            uow.audit().append(event).await?;
        }
        finish(uow, [fence], &self.trail, events).await?;
        Ok(())
    }
}

/// The account that has the invited address, locked: whether its membership still awaits must not change meanwhile.
async fn lock_addressee(
    uow: &dyn UnitOfWork,
    account: Option<UserId>,
    invitation: &Invitation,
) -> Result<Option<User>, Fault> {
    let Some(id) = account else { return Ok(None) };
    Ok(uow.users().lock(id).await?.filter(|user| user.email == invitation.email))
}

/// Whether this revoked it; `false` if it had been revoked before.
async fn settle(uow: &dyn UnitOfWork, invitation: &Invitation) -> Result<bool, RevokeInvitationError> {
    if uow.invitations().settle(invitation.id, InvitationState::Revoked, None).await? {
        return Ok(true);
    }
    match uow.invitations().find_by_id(invitation.team_id, invitation.id).await?.map(|found| found.state) {
        Some(InvitationState::Revoked) => Ok(false),
        Some(_) => Err(RevokeInvitationError::InvitationNotPending),
        None => Err(RevokeInvitationError::InvitationNotFound),
    }
}

async fn remove_awaiting(uow: &dyn UnitOfWork, user: &User, team_id: TeamId) -> Result<bool, Fault> {
    match uow.memberships().find(user.id, team_id).await? {
        Some(membership) if membership.status == MembershipStatus::AwaitingVerification => {
            uow.memberships().remove(user.id, team_id).await
        }
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests;
