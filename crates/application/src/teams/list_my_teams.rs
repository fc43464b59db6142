//! Lists the teams of the actor.

use countersign_domain::page::Page;
use countersign_domain::page::PageRequest;
use countersign_domain::team::membership::TeamMembership;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// What to do.
#[derive(Clone, Debug)]
pub struct ListMyTeamsCommand {
    /// Which part.
    pub page: PageRequest,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListMyTeamsError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListMyTeamsError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListMyTeams {}

impl ListMyTeams {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Lists the teams of the actor.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _command: ListMyTeamsCommand,
    ) -> Result<Page<TeamMembership>, ListMyTeamsError> {
        Err(Fault::internal("list_my_teams", "not built yet").into())
    }
}
