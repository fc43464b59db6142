//! Shows a team to its members.

use countersign_domain::audit::Origin;
use countersign_domain::ids::TeamId;
use countersign_domain::team::Team;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::teams::access::TeamAccessError;

/// What to do.
#[derive(Clone, Debug)]
pub struct ShowTeamCommand {
    /// Which.
    pub team_id: TeamId,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ShowTeamError {
    /// The team is not there for the actor, or it takes an admin.
    #[error(transparent)]
    Access(#[from] TeamAccessError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ShowTeamError {
} via { Access, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ShowTeam {}

impl ShowTeam {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Shows a team to its members.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: ShowTeamCommand,
    ) -> Result<Team, ShowTeamError> {
        Err(Fault::internal("show_team", "not built yet").into())
    }
}
