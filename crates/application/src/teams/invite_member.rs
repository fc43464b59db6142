//! Invites an address into a team; an account that has it is added at once where the policy says so.

use countersign_domain::audit::Origin;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::TeamId;
use countersign_domain::team::role::Role;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::limits::LimitExceeded;
use crate::teams::access::TeamAccessError;

/// What to do.
#[derive(Clone, Debug)]
pub struct InviteMemberCommand {
    /// Into which team.
    pub team_id: TeamId,
    /// Whom.
    pub email: EmailAddress,
    /// As what.
    pub role: Role,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum InviteMemberError {
    /// This account is a member of the team already.
    #[error("this account is a member of the team already")]
    AlreadyMember,
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

classify! { InviteMemberError {
    AlreadyMember => Conflict "already_member",
} via { Access, Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct InviteMember {}

impl InviteMember {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Invites an address into a team; an account that has it is added at once where the policy says so.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: InviteMemberCommand,
    ) -> Result<(), InviteMemberError> {
        Err(Fault::internal("invite_member", "not built yet").into())
    }
}
