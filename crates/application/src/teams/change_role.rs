//! Gives a member another role.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::team::membership::{Member, Membership, MembershipStatus};
use countersign_domain::team::permissions::Permission;
use countersign_domain::team::role::Role;

use crate::actor::Actor;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::limits::{Limit, LimitExceeded, Limits, Subject};
use crate::ports::clock::Clock;
use crate::ports::unit_of_work::UnitOfWork;
use crate::snapshots::{Entry, Snapshots};
use crate::teams::access::{TeamAccess, TeamAccessError};
use crate::teams::last_admin::is_last_admin;
use crate::teams::listed_member::listed_member;
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct ChangeRoleCommand {
    /// In which team.
    pub team_id: TeamId,
    /// Whom.
    pub user_id: UserId,
    /// Which.
    pub role: Role,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ChangeRoleError {
    /// No such member in this team.
    #[error("no such member in this team")]
    MemberNotFound,
    /// A team would be left without an admin; make another member admin first, or delete the team.
    #[error("a team would be left without an admin; make another member admin first, or delete the team")]
    LastAdmin,
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

classify! { ChangeRoleError {
    MemberNotFound => Missing "member_not_found",
    LastAdmin => Conflict "last_admin",
} via { Access, Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ChangeRole {
    clock: Arc<dyn Clock>,
    limits: Limits,
    access: TeamAccess,
    snapshots: Snapshots,
    trail: Trail,
}

impl ChangeRole {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            limits: Limits::new(dependencies),
            access: TeamAccess::new(dependencies),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Gives a member another role; the role that it has already is no change. The last admin keeps its own.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: ChangeRoleCommand,
    ) -> Result<Member, ChangeRoleError> {
        let ChangeRoleCommand { team_id, user_id, role } = command;
        self.access.require(actor, origin, team_id, Permission::ChangeRoles).await?;
        let now = self.clock.now();
        let counted = self.limits.acquire(Limit::ChangeOfUser, Subject::User(actor.id()), now).await?;
        let fence = self.snapshots.fence([Entry::Membership(user_id, team_id)]).await;
        let (uow, _) = self.access.begin(actor, origin, team_id, Permission::ChangeRoles).await?;
        let mut membership = uow.memberships().find(user_id, team_id).await?.ok_or(ChangeRoleError::MemberNotFound)?;
        let user = uow.users().find_by_id(user_id).await?.ok_or(ChangeRoleError::MemberNotFound)?;
        if membership.role == role {
            drop(uow);
            fence.lift().await;
            self.limits.refund(counted).await;
            return Ok(listed_member(membership, user));
        }
        if is_last_admin(uow.roster(), &membership).await? {
            return Err(ChangeRoleError::LastAdmin);
        }
        membership.role = role;
        uow.memberships().update(&membership).await?;
        if membership.status == MembershipStatus::AwaitingVerification {
            self.change_invited_role(&*uow, &membership, &user.email).await?;
        }
        let event = self.trail.event(AuditKind::RoleChanged, origin, now).by(actor.id()).about(user_id);
        let event = event.in_team(team_id).detail(role.as_str());
        uow.audit().append(&event).await?;
        finish(uow, [fence], &self.trail, [event]).await?;
        Ok(listed_member(membership, user))
    }

    /// An awaiting member has an invitation pending; it must not promise the former role any longer. Of an active one
    /// it is not the same promise: it would outlive what becomes of the member.
    async fn change_invited_role(
        &self,
        uow: &dyn UnitOfWork,
        membership: &Membership,
        email: &EmailAddress,
    ) -> Result<(), Fault> {
        if let Some(mut invitation) = uow.invitations().lock_pending(membership.team_id, email).await? {
            invitation.role = membership.role;
            uow.invitations().renew(&invitation).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
