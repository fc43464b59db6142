//! Deletes the account of the actor and what is held about it.

use countersign_domain::audit::Origin;
use countersign_domain::password::PresentedPassword;

use crate::account::proof::ProofError;
use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// What to do.
#[derive(Clone, Debug)]
pub struct DeleteAccountCommand {
    /// Proof.
    pub current_password: PresentedPassword,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum DeleteAccountError {
    /// A team would be left without an admin; make another member admin first, or delete the team.
    #[error("a team would be left without an admin; make another member admin first, or delete the team")]
    LastAdmin,
    /// The current password is wrong, or was wrong too often.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { DeleteAccountError {
    LastAdmin => Conflict "last_admin",
} via { Proof, Internal } }

/// The use case.
#[derive(Clone)]
pub struct DeleteAccount {}

impl DeleteAccount {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Deletes the account of the actor and what is held about it.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: DeleteAccountCommand,
    ) -> Result<(), DeleteAccountError> {
        Err(Fault::internal("delete_account", "not built yet").into())
    }
}
