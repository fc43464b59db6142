//! Mails a pending invitation again, with a new token and expiry.

use countersign_domain::audit::Origin;
use countersign_domain::ids::InvitationId;
use countersign_domain::ids::TeamId;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::limits::LimitExceeded;
use crate::teams::access::TeamAccessError;

/// What to do.
#[derive(Clone, Debug)]
pub struct ResendInvitationCommand {
    /// Of which team.
    pub team_id: TeamId,
    /// Which.
    pub invitation_id: InvitationId,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ResendInvitationError {
    /// No such invitation in this team.
    #[error("no such invitation in this team")]
    InvitationNotFound,
    /// This invitation was accepted or revoked; invite again.
    #[error("this invitation was accepted or revoked; invite again")]
    InvitationNotPending,
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

classify! { ResendInvitationError {
    InvitationNotFound => Missing "invitation_not_found",
    InvitationNotPending => Conflict "invitation_not_pending",
} via { Access, Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ResendInvitation {}

impl ResendInvitation {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Mails a pending invitation again, with a new token and expiry.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: ResendInvitationCommand,
    ) -> Result<(), ResendInvitationError> {
        Err(Fault::internal("resend_invitation", "not built yet").into())
    }
}
