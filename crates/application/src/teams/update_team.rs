//! Changes name and description of a team.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::ids::TeamId;
use countersign_domain::team::permissions::Permission;
use countersign_domain::team::{Team, TeamChange};

use crate::actor::Actor;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::limits::{Limit, LimitExceeded, Limits, Subject};
use crate::ports::clock::Clock;
use crate::snapshots::{Entry, Snapshots};
use crate::teams::access::{TeamAccess, TeamAccessError};
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct UpdateTeamCommand {
    /// Which.
    pub team_id: TeamId,
    /// What.
    pub change: TeamChange,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum UpdateTeamError {
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

classify! { UpdateTeamError {
} via { Access, Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct UpdateTeam {
    clock: Arc<dyn Clock>,
    limits: Limits,
    access: TeamAccess,
    snapshots: Snapshots,
    trail: Trail,
}

impl UpdateTeam {
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

    /// Changes name and description of a team. What it is called already changes nothing, and writes nothing.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: UpdateTeamCommand,
    ) -> Result<Team, UpdateTeamError> {
        let (team, _) = self.access.require(actor, origin, command.team_id, Permission::UpdateTeam).await?;
        let now = self.clock.now();
        if !team.clone().change(command.change.clone(), now) {
            return Ok(team);
        }
        let counted = self.limits.acquire(Limit::ChangeOfUser, Subject::User(actor.id()), now).await?;
        let fence = self.snapshots.fence([Entry::Team(team.id)]).await;
        let (uow, mut team) = self.access.begin(actor, origin, team.id, Permission::UpdateTeam).await?;
        if !team.change(command.change, now) {
            drop(uow);
            fence.lift().await;
            self.limits.refund(counted).await;
            return Ok(team);
        }
        uow.teams().update(&team).await?;
        let event = self.trail.event(AuditKind::TeamUpdated, origin, now).by(actor.id()).in_team(team.id);
        uow.audit().append(&event).await?;
        finish(uow, [fence], &self.trail, [event]).await?;
        Ok(team)
    }
}

#[cfg(test)]
mod tests;
