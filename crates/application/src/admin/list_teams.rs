//! Lists teams, for superusers.

use countersign_domain::audit::Origin;
use countersign_domain::page::Page;
use countersign_domain::page::PageRequest;
use countersign_domain::team::Team;

use crate::actor::Actor;
use crate::admin::guard::SuperuserError;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// What to do.
#[derive(Clone, Debug)]
pub struct ListTeamsCommand {
    /// Part of the name.
    pub search: Option<String>,
    /// Which part.
    pub page: PageRequest,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListTeamsError {
    /// It takes a superuser.
    #[error(transparent)]
    Superuser(#[from] SuperuserError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListTeamsError {
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListTeams {}

impl ListTeams {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Lists teams, for superusers.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: ListTeamsCommand,
    ) -> Result<Page<Team>, ListTeamsError> {
        Err(Fault::internal("list_teams", "not built yet").into())
    }
}
