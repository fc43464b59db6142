//! Deletes the account of the actor and what is held about it.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::password::PresentedPassword;
use countersign_domain::user::Credentials;
use time::OffsetDateTime;

use crate::account::proof::{PasswordProof, ProofError};
use crate::account::removal::{AccountRemoval, Aftermath, RemovalCause, RemovalError};
use crate::actor::Actor;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::clock::Clock;
use crate::ports::unit_of_work::{UnitOfWork, UnitOfWorkFactory};
use crate::snapshots::{Entry, Snapshots};
use crate::trail::Trail;

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
pub struct DeleteAccount {
    clock: Arc<dyn Clock>,
    proof: PasswordProof,
    removal: AccountRemoval,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    snapshots: Snapshots,
    trail: Trail,
}

impl DeleteAccount {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            proof: PasswordProof::new(dependencies),
            removal: AccountRemoval::new(dependencies),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Deletes the account of the actor and what is held about it.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: DeleteAccountCommand,
    ) -> Result<(), DeleteAccountError> {
        let now = self.clock.now();
        let proven = self.proof.require(&actor.user, origin, &command.current_password, now).await?;
        let fence = self.snapshots.fence([Entry::Account(actor.id())]).await;
        let uow = self.units_of_work.begin().await?;
        let aftermath = match self.remove(&*uow, actor, &proven, origin, now).await {
            Ok(aftermath) => aftermath,
            Err(error) => {
                drop(uow);
                fence.lift().await;
                return Err(error);
            }
        };
        let stale = self.snapshots.refreshed(aftermath.stale);
        finish(uow, [fence, stale], &self.trail, aftermath.events).await?;
        self.removal.erase_traces(actor.id(), now).await;
        Ok(())
    }

    async fn remove(
        &self,
        uow: &dyn UnitOfWork,
        actor: &Actor,
        proven: &Credentials,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Aftermath, DeleteAccountError> {
        let user = self.proof.lock_proven(uow, actor, proven, now).await?;
        self.removal.remove(uow, &user, RemovalCause::Owner, origin, now).await.map_err(|error| match error {
            RemovalError::LastAdmin => DeleteAccountError::LastAdmin,
            RemovalError::Internal(fault) => fault.into(),
        })
    }
}

#[cfg(test)]
mod tests;
