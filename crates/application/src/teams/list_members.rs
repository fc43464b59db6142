//! Lists who is in a team, for its members.

use countersign_domain::audit::Origin;
use countersign_domain::ids::TeamId;
use countersign_domain::page::Page;
use countersign_domain::page::PageRequest;
use countersign_domain::team::membership::Member;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::teams::access::TeamAccessError;

/// What to do.
#[derive(Clone, Debug)]
pub struct ListMembersCommand {
    /// Which team.
    pub team_id: TeamId,
    /// Which part.
    pub page: PageRequest,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListMembersError {
    /// The team is not there for the actor, or it takes an admin.
    #[error(transparent)]
    Access(#[from] TeamAccessError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListMembersError {
} via { Access, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListMembers {}

impl ListMembers {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Lists who is in a team, for its members.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: ListMembersCommand,
    ) -> Result<Page<Member>, ListMembersError> {
        Err(Fault::internal("list_members", "not built yet").into())
    }
}
