//! Deletes a team with its memberships and invitations.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::ids::TeamId;
use countersign_domain::team::permissions::Permission;

use crate::actor::Actor;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::clock::Clock;
use crate::snapshots::{Entry, Snapshots};
use crate::teams::access::{TeamAccess, TeamAccessError};
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct DeleteTeamCommand {
    /// Which.
    pub team_id: TeamId,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum DeleteTeamError {
    /// The team is not there for the actor, or it takes an admin.
    #[error(transparent)]
    Access(#[from] TeamAccessError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { DeleteTeamError {
} via { Access, Internal } }

/// The use case.
#[derive(Clone)]
pub struct DeleteTeam {
    clock: Arc<dyn Clock>,
    access: TeamAccess,
    snapshots: Snapshots,
    trail: Trail,
}

impl DeleteTeam {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            access: TeamAccess::new(dependencies),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Deletes a team with its memberships and invitations. Only the team's entry is fenced: a cached membership
    /// of a team that is gone counts for nothing.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: DeleteTeamCommand,
    ) -> Result<(), DeleteTeamError> {
        let (team, _) = self.access.require(actor, origin, command.team_id, Permission::DeleteTeam).await?;
        let fence = self.snapshots.fence([Entry::Team(team.id)]).await;
        let (uow, team) = self.access.begin(actor, origin, team.id, Permission::DeleteTeam).await?;
        uow.teams().remove(team.id).await?;
        let event = self.trail.event(AuditKind::TeamDeleted, origin, self.clock.now());
        let event = event.by(actor.id()).in_team(team.id);
        uow.audit().append(&event).await?;
        finish(uow, [fence], &self.trail, [event]).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
