//! Creates a team whose active admin the actor is.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::ids::TeamId;
use countersign_domain::name::{Description, TeamName};
use countersign_domain::team::Team;
use countersign_domain::team::membership::Membership;

use crate::actor::Actor;
use crate::auth::authenticate::AuthenticateError;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, WriteError, classify};
use crate::limits::{Limit, LimitExceeded, Limits, Subject};
use crate::ports::clock::Clock;
use crate::ports::id_generator::IdGenerator;
use crate::ports::unit_of_work::UnitOfWorkFactory;
use crate::snapshots::{Entry, Snapshots};
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct CreateTeamCommand {
    /// Name.
    pub name: TeamName,
    /// What it is about.
    pub description: Option<Description>,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum CreateTeamError {
    /// You created as many teams as one account may; delete one first.
    #[error("you created as many teams as one account may; delete one first")]
    TeamLimitReached,
    /// The session that asks was ended meanwhile.
    #[error(transparent)]
    Revoked(#[from] AuthenticateError),
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { CreateTeamError {
    TeamLimitReached => Conflict "team_limit_reached",
} via { Revoked, Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct CreateTeam {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    limits: Limits,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    snapshots: Snapshots,
    trail: Trail,
    teams_per_user: u64,
}

impl CreateTeam {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            ids: Arc::clone(&dependencies.ids),
            limits: Limits::new(dependencies),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
            teams_per_user: dependencies.policy.teams_per_user,
        }
    }

    /// Creates a team whose active admin the actor is. The lock on the account makes its count of teams exact, and
    /// keeps an account that is just being deactivated or deleted from leaving a team without an admin behind.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: CreateTeamCommand,
    ) -> Result<Team, CreateTeamError> {
        let now = self.clock.now();
        let _counted = self.limits.acquire(Limit::TeamOfUser, Subject::User(actor.id()), now).await?;
        let team = Team {
            id: TeamId::new(self.ids.next_id()),
            name: command.name,
            description: command.description,
            created_by: Some(actor.id()),
            created_at: now,
            updated_at: now,
        };
        let uow = self.units_of_work.begin().await?;
        actor.lock(&*uow, now).await?;
        if self.teams_per_user > 0 && uow.teams().count_created_by(actor.id()).await? >= self.teams_per_user {
            return Err(CreateTeamError::TeamLimitReached);
        }
        uow.teams().insert(&team).await?;
        let creator = Membership::of_creator(actor.id(), team.id, now);
        uow.memberships().insert(&creator).await.map_err(WriteError::into_fault)?;
        let event = self.trail.event(AuditKind::TeamCreated, origin, now).by(actor.id()).in_team(team.id);
        uow.audit().append(&event).await?;
        let granted = self.snapshots.refreshed([Entry::TeamList(actor.id())]);
        finish(uow, [granted], &self.trail, [event]).await?;
        Ok(team)
    }
}

#[cfg(test)]
mod tests;
