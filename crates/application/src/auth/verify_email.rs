//! Proves an address: the mailed token shows the mailbox, the proof shows the account.

use countersign_domain::audit::Origin;
use countersign_domain::password::PresentedPassword;
use countersign_domain::secret::Secret;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::limits::LimitExceeded;

/// What to do.
#[derive(Clone, Debug)]
pub struct VerifyEmailCommand {
    /// The mailed token.
    pub token: Secret,
    /// That the caller owns the account.
    pub proof: Option<Proof>,
}

/// Proof of owning an account.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A valid access token of it.
    Session(Box<Actor>),
    /// Its password.
    Password(PresentedPassword),
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum VerifyEmailError {
    /// The token is invalid, expired or used.
    #[error("the token is invalid, expired or used")]
    InvalidToken,
    /// Sign in to the account or give its password to verify its e-mail address.
    #[error("sign in to the account or give its password to verify its e-mail address")]
    ProofRequired,
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { VerifyEmailError {
    InvalidToken => BadRequest "invalid_token",
    ProofRequired => Forbidden "proof_required",
} via { Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct VerifyEmail {}

impl VerifyEmail {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Proves an address: the mailed token shows the mailbox, the proof shows the account.
    pub async fn execute(&self, _origin: &Origin, _command: VerifyEmailCommand) -> Result<(), VerifyEmailError> {
        Err(Fault::internal("verify_email", "not built yet").into())
    }
}
