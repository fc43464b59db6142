//! Changes name and description of a team.

use countersign_domain::audit::Origin;
use countersign_domain::ids::TeamId;
use countersign_domain::team::Team;
use countersign_domain::team::TeamChange;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::teams::access::TeamAccessError;

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
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { UpdateTeamError {
} via { Access, Internal } }

/// The use case.
#[derive(Clone)]
pub struct UpdateTeam {}

impl UpdateTeam {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Changes name and description of a team.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: UpdateTeamCommand,
    ) -> Result<Team, UpdateTeamError> {
        Err(Fault::internal("update_team", "not built yet").into())
    }
}
