//! Asking the owner of an account for the password once more (ASVS 7.5.1).

use countersign_domain::audit::Origin;
use countersign_domain::password::PresentedPassword;
use countersign_domain::user::{Credentials, User};
use time::OffsetDateTime;

use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::limits::LimitExceeded;

/// Why a current password does not prove anything.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// It is another one.
    #[error("the current password is wrong")]
    WrongPassword,
    /// It was wrong too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be checked.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ProofError {
    WrongPassword => Forbidden "wrong_password",
} via { Limited, Internal } }

/// Checks current passwords: failures count toward the limit of the account, and are audited.
#[derive(Clone)]
pub struct PasswordProof {}

impl PasswordProof {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Compares with the account's hash. Outside of any unit of work: it hashes. The credentials are those that
    /// were compared; whoever acts on them locks the account and compares the epoch first.
    pub async fn require(
        &self,
        _user: &User,
        _origin: &Origin,
        _password: &PresentedPassword,
        _now: OffsetDateTime,
    ) -> Result<Credentials, ProofError> {
        Err(Fault::internal("proof", "not built yet").into())
    }
}
