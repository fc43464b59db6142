//! Changes the names of the actor.

use countersign_domain::audit::Origin;
use countersign_domain::name::PersonName;
use countersign_domain::user::User;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// What to do.
#[derive(Clone, Debug)]
pub struct UpdateProfileCommand {
    /// New first name; absent keeps the old one.
    pub first_name: Option<PersonName>,
    /// New last name; absent keeps the old one.
    pub last_name: Option<PersonName>,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum UpdateProfileError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { UpdateProfileError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct UpdateProfile {}

impl UpdateProfile {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Changes the names of the actor.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: UpdateProfileCommand,
    ) -> Result<User, UpdateProfileError> {
        Err(Fault::internal("update_profile", "not built yet").into())
    }
}
