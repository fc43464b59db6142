//! Lists the invitations of a team, for its admins.

use countersign_domain::audit::Origin;
use countersign_domain::ids::TeamId;
use countersign_domain::invitation::InvitationListing;
use countersign_domain::page::Page;
use countersign_domain::page::PageRequest;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::teams::access::TeamAccessError;

/// What to do.
#[derive(Clone, Debug)]
pub struct ListInvitationsCommand {
    /// Which team.
    pub team_id: TeamId,
    /// Which part.
    pub page: PageRequest,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListInvitationsError {
    /// The team is not there for the actor, or it takes an admin.
    #[error(transparent)]
    Access(#[from] TeamAccessError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListInvitationsError {
} via { Access, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListInvitations {}

impl ListInvitations {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Lists the invitations of a team, for its admins.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: ListInvitationsCommand,
    ) -> Result<Page<InvitationListing>, ListInvitationsError> {
        Err(Fault::internal("list_invitations", "not built yet").into())
    }
}
