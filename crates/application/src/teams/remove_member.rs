//! Removes a member, or lets the actor leave.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::invitation::InvitationState;
use countersign_domain::team::membership::{Membership, MembershipStatus};
use countersign_domain::team::permissions::Permission;

use crate::actor::Actor;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::clock::Clock;
use crate::ports::unit_of_work::UnitOfWork;
use crate::snapshots::{Entry, Snapshots};
use crate::teams::access::{TeamAccess, TeamAccessError};
use crate::teams::last_admin::is_last_admin;
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct RemoveMemberCommand {
    /// From which team.
    pub team_id: TeamId,
    /// Whom.
    pub user_id: UserId,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum RemoveMemberError {
    /// No such member in this team.
    #[error("no such member in this team")]
    MemberNotFound,
    /// A team would be left without an admin; make another member admin first, or delete the team.
    #[error("a team would be left without an admin; make another member admin first, or delete the team")]
    LastAdmin,
    /// The team is not there for the actor, or it takes an admin.
    #[error(transparent)]
    Access(#[from] TeamAccessError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { RemoveMemberError {
    MemberNotFound => Missing "member_not_found",
    LastAdmin => Conflict "last_admin",
} via { Access, Internal } }

/// The use case.
#[derive(Clone)]
pub struct RemoveMember {
    clock: Arc<dyn Clock>,
    access: TeamAccess,
    snapshots: Snapshots,
    trail: Trail,
}

impl RemoveMember {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            access: TeamAccess::new(dependencies),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Removes a member, or lets the actor leave. The last admin stays, also when it is alone: it can delete the team.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: RemoveMemberCommand,
    ) -> Result<(), RemoveMemberError> {
        let RemoveMemberCommand { team_id, user_id } = command;
        let permission = Permission::RemoveMember { target: user_id };
        self.access.require(actor, origin, team_id, permission).await?;
        let now = self.clock.now();
        let fence = self.snapshots.fence([Entry::Membership(user_id, team_id)]).await;
        let (uow, _) = self.access.begin(actor, origin, team_id, permission).await?;
        let membership = uow.memberships().find(user_id, team_id).await?.ok_or(RemoveMemberError::MemberNotFound)?;
        if is_last_admin(uow.roster(), &membership).await? {
            return Err(RemoveMemberError::LastAdmin);
        }
        uow.memberships().remove(user_id, team_id).await?;
        let leaves = actor.id() == user_id;
        // Whoever registered the invited address may not be the one who reads its mail: the invitation stays theirs.
        if !(leaves && membership.status == MembershipStatus::AwaitingVerification) {
            revoke_invitation_of(&*uow, &membership).await?;
        }
        let kind = if leaves { AuditKind::MemberLeft } else { AuditKind::MemberRemoved };
        let mut events = vec![self.trail.event(kind, origin, now).by(actor.id()).about(user_id).in_team(team_id)];
        // Its admin may have been deleted before, and only members left who do not count: no empty team stays behind.
        let emptied = !uow.roster().has_member_besides(team_id, user_id).await?;
        if emptied {
            uow.teams().remove(team_id).await?;
            events.push(self.trail.event(AuditKind::TeamDeleted, origin, now).by(actor.id()).in_team(team_id));
        }
        for event in &events {
            uow.audit().append(event).await?;
        }
        let gone = self.snapshots.refreshed(emptied.then_some(Entry::Team(team_id)));
        finish(uow, [fence, gone], &self.trail, events).await?;
        Ok(())
    }
}

/// An invitation that still waits for the member's address must not bring it back.
async fn revoke_invitation_of(uow: &dyn UnitOfWork, membership: &Membership) -> Result<(), Fault> {
    let Some(user) = uow.users().find_by_id(membership.user_id).await? else { return Ok(()) };
    if let Some(invitation) = uow.invitations().lock_pending(membership.team_id, &user.email).await? {
        uow.invitations().settle(invitation.id, InvitationState::Revoked, None).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
