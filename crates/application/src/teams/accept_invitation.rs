//! Accepts an invitation, signed in or not.

use countersign_domain::audit::Origin;
use countersign_domain::secret::Secret;
use countersign_domain::team::Team;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::limits::LimitExceeded;

/// What to do.
#[derive(Clone, Debug)]
pub struct AcceptInvitationCommand {
    /// The mailed token.
    pub token: Secret,
    /// The account that accepts, when signed in.
    pub actor: Option<Actor>,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum AcceptInvitationError {
    /// The token is invalid, expired or used.
    #[error("the token is invalid, expired or used")]
    InvalidToken,
    /// This invitation is for another e-mail address.
    #[error("this invitation is for another e-mail address")]
    InvitationForAnotherAccount,
    /// No account has the invited e-mail address; register with this invitation.
    #[error("no account has the invited e-mail address; register with this invitation")]
    AccountRequired,
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { AcceptInvitationError {
    InvalidToken => BadRequest "invalid_token",
    InvitationForAnotherAccount => Forbidden "invitation_for_another_account",
    AccountRequired => Conflict "account_required",
} via { Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct AcceptInvitation {}

impl AcceptInvitation {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Accepts an invitation, signed in or not.
    pub async fn execute(
        &self,
        _origin: &Origin,
        _command: AcceptInvitationCommand,
    ) -> Result<Team, AcceptInvitationError> {
        Err(Fault::internal("accept_invitation", "not built yet").into())
    }
}
