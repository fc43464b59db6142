//! Deletes a team with its memberships and invitations.

use countersign_domain::audit::Origin;
use countersign_domain::ids::TeamId;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::teams::access::TeamAccessError;

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
pub struct DeleteTeam {}

impl DeleteTeam {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Deletes a team with its memberships and invitations.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: DeleteTeamCommand,
    ) -> Result<(), DeleteTeamError> {
        Err(Fault::internal("delete_team", "not built yet").into())
    }
}
