//! Creates a team whose active admin the actor is.

use countersign_domain::audit::Origin;
use countersign_domain::name::Description;
use countersign_domain::name::TeamName;
use countersign_domain::team::Team;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

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
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { CreateTeamError {
    TeamLimitReached => Conflict "team_limit_reached",
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct CreateTeam {}

impl CreateTeam {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Creates a team whose active admin the actor is.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: CreateTeamCommand,
    ) -> Result<Team, CreateTeamError> {
        Err(Fault::internal("create_team", "not built yet").into())
    }
}
