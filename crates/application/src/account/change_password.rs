//! Sets a new password, ends every other session, and hands out fresh tokens.

use countersign_domain::audit::Origin;
use countersign_domain::password::NewPassword;
use countersign_domain::password::PresentedPassword;

use crate::account::proof::ProofError;
use crate::actor::Actor;
use crate::auth::tokens::Tokens;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::RejectedValue;
use crate::error::classify;

/// What to do.
#[derive(Clone, Debug)]
pub struct ChangePasswordCommand {
    /// Proof.
    pub current_password: PresentedPassword,
    /// The new password.
    pub new_password: NewPassword,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The current password is wrong, or was wrong too often.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A value breaks a rule that needed the account to judge.
    #[error(transparent)]
    Rejected(#[from] RejectedValue),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ChangePasswordError {
} via { Proof, Rejected, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ChangePassword {}

impl ChangePassword {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Sets a new password, ends every other session, and hands out fresh tokens.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: ChangePasswordCommand,
    ) -> Result<Tokens, ChangePasswordError> {
        Err(Fault::internal("change_password", "not built yet").into())
    }
}
