//! Invites an address into a team; an account that has it is added at once where the policy says so.

mod invite;

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::team::permissions::Permission;
use countersign_domain::team::role::Role;
use time::OffsetDateTime;

use crate::actor::Actor;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::limits::LimitExceeded;
use crate::ports::clock::Clock;
use crate::ports::id_generator::IdGenerator;
use crate::ports::unit_of_work::UnitOfWorkFactory;
use crate::snapshots::{Entry, Snapshots};
use crate::teams::access::{TeamAccess, TeamAccessError};
use crate::teams::invitation_letter::InvitationLetters;
use crate::teams::invitation_limits::InvitationLimits;
use crate::teams::invite_member::invite::Invite;
use crate::time_padding::TimePadding;
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct InviteMemberCommand {
    /// Into which team.
    pub team_id: TeamId,
    /// Whom.
    pub email: EmailAddress,
    /// As what.
    pub role: Role,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum InviteMemberError {
    /// This account is a member of the team already.
    #[error("this account is a member of the team already")]
    AlreadyMember,
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

classify! { InviteMemberError {
    AlreadyMember => Conflict "already_member",
} via { Access, Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct InviteMember {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    access: TeamAccess,
    limits: InvitationLimits,
    letters: InvitationLetters,
    snapshots: Snapshots,
    trail: Trail,
    add_existing: bool,
}

impl InviteMember {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            ids: Arc::clone(&dependencies.ids),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            access: TeamAccess::new(dependencies),
            limits: InvitationLimits::new(dependencies),
            letters: InvitationLetters::new(dependencies),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
            add_existing: dependencies.policy.add_existing,
        }
    }

    /// Invites an address into a team; an account that has it is added at once where the policy says so. Until that
    /// account has verified the address, its membership awaits and the invitation is mailed all the same: otherwise
    /// whoever registers somebody else's address first would get what that person is invited to.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: InviteMemberCommand,
    ) -> Result<(), InviteMemberError> {
        let padding = TimePadding::begin();
        self.access.require(actor, origin, command.team_id, Permission::ManageInvitations).await?;
        let now = self.clock.now();
        let counted = self.limits.acquire(actor, command.team_id, &command.email, now).await?;
        if let Err(error) = self.invite(actor, origin, command, now).await {
            self.limits.unmailed(counted).await;
            return Err(error);
        }
        if !self.add_existing {
            // Nobody is added, and nobody is to be told who has an account.
            padding.end().await;
        }
        Ok(())
    }

    async fn invite(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: InviteMemberCommand,
        now: OffsetDateTime,
    ) -> Result<(), InviteMemberError> {
        let uow = self.units_of_work.begin().await?;
        let nobody = UserId::new(self.ids.next_id());
        let (team_id, permission) = (command.team_id, Permission::ManageInvitations);
        let addressee = uow.users().find_by_email(&command.email).await?.map_or(nobody, |user| user.id);
        let (team, account) = match self
            .access
            .lock_with(addressee, &*uow, actor, team_id, permission)
            .await
            .map_err(TeamAccessError::from)?
        {
            Ok(locked) => locked,
            Err(denial) => {
                drop(uow);
                return Err(self.access.deny(actor, origin, command.team_id, denial).await?.into());
            }
        };
        let InviteMemberCommand { email, role, .. } = command;
        // Locked: whether it is verified, active and there at all must not change meanwhile.
        let account = account.filter(|user| user.email == email);
        let invite = Invite { ids: &*self.ids, letters: &self.letters, uow: &*uow, team, actor, email, role, now };
        let kind = match &account {
            Some(user) => invite.account(user, self.add_existing).await?,
            None => invite.stranger(nobody).await?,
        };
        let mut event = self.trail.event(kind, origin, now).by(actor.id()).in_team(command.team_id);
        event.user_id = account.as_ref().map(|user| user.id);
        event.detail = Some(role.as_str().to_owned());
        uow.audit().append(&event).await?;
        let granted = account.map(|user| Entry::Membership(user.id, command.team_id));
        finish(uow, [self.snapshots.refreshed(granted)], &self.trail, [event]).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
