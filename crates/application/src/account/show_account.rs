//! Shows the actor its account and the first of its teams.

use countersign_domain::team::membership::TeamMembership;
use countersign_domain::user::User;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// An account as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountView {
    /// The account.
    pub user: User,
    /// The first 50 of its teams.
    pub teams: Vec<TeamMembership>,
    /// Whether there are more.
    pub teams_truncated: bool,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ShowAccountError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ShowAccountError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct ShowAccount {}

impl ShowAccount {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Shows the actor its account and the first of its teams.
    pub async fn execute(&self, _actor: &Actor) -> Result<AccountView, ShowAccountError> {
        Err(Fault::internal("show_account", "not built yet").into())
    }
}
