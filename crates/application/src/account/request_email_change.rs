//! Mails a token to a new address; one that is taken costs the same and gets none.

use countersign_domain::audit::Origin;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::password::PresentedPassword;

use crate::account::proof::ProofError;
use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::limits::LimitExceeded;

/// What to do.
#[derive(Clone, Debug)]
pub struct RequestEmailChangeCommand {
    /// Proof.
    pub current_password: PresentedPassword,
    /// The new address.
    pub new_email: EmailAddress,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum RequestEmailChangeError {
    /// The current password is wrong, or was wrong too often.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { RequestEmailChangeError {
} via { Proof, Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct RequestEmailChange {}

impl RequestEmailChange {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Mails a token to a new address; one that is taken costs the same and gets none.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: RequestEmailChangeCommand,
    ) -> Result<(), RequestEmailChangeError> {
        Err(Fault::internal("request_email_change", "not built yet").into())
    }
}
