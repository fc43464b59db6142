//! Lists accounts, for superusers.

use countersign_domain::audit::Origin;
use countersign_domain::page::Page;
use countersign_domain::page::PageRequest;
use countersign_domain::user::User;

use crate::actor::Actor;
use crate::admin::guard::SuperuserError;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// What to do.
#[derive(Clone, Debug)]
pub struct ListUsersCommand {
    /// Part of the address or name.
    pub search: Option<String>,
    /// Which part.
    pub page: PageRequest,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListUsersError {
    /// It takes a superuser.
    #[error(transparent)]
    Superuser(#[from] SuperuserError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListUsersError {
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListUsers {}

impl ListUsers {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Lists accounts, for superusers.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: ListUsersCommand,
    ) -> Result<Page<User>, ListUsersError> {
        Err(Fault::internal("list_users", "not built yet").into())
    }
}
