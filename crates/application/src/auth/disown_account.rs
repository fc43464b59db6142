//! Deletes an unverified account at the word of whoever reads the mail of its address.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::ids::UserId;
use countersign_domain::one_time_token::Purpose;
use countersign_domain::secret::{Secret, TokenDigest};
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::account::removal::{AccountRemoval, Aftermath, RemovalCause, RemovalError};
use crate::auth::refused_tokens::RefusedTokens;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::limits::LimitExceeded;
use crate::ports::clock::Clock;
use crate::ports::one_time_token_repository::OneTimeTokenRepository;
use crate::ports::unit_of_work::{UnitOfWork, UnitOfWorkFactory};
use crate::ports::user_repository::UserRepository;
use crate::snapshots::{Entry, Snapshots};
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct DisownAccountCommand {
    /// The token of the verification mail.
    pub token: Secret,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum DisownAccountError {
    /// The token is invalid, expired or used.
    #[error("the token is invalid, expired or used; ask for a new mail")]
    InvalidToken,
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { DisownAccountError {
    InvalidToken => BadRequest "invalid_token",
} via { Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct DisownAccount {
    clock: Arc<dyn Clock>,
    refused: RefusedTokens,
    one_time_tokens: Arc<dyn OneTimeTokenRepository>,
    users: Arc<dyn UserRepository>,
    removal: AccountRemoval,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    snapshots: Snapshots,
    trail: Trail,
}

impl DisownAccount {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            refused: RefusedTokens::new(dependencies),
            one_time_tokens: Arc::clone(&dependencies.one_time_tokens),
            users: Arc::clone(&dependencies.users),
            removal: AccountRemoval::new(dependencies),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Deletes an unverified account at the word of whoever reads the mail of its address.
    pub async fn execute(&self, origin: &Origin, command: DisownAccountCommand) -> Result<(), DisownAccountError> {
        let now = self.clock.now();
        self.refused.check(origin, now).await?;
        let digest = command.token.digest();
        let Some(user) = self.owner(&digest, now).await? else { return Err(self.refuse(origin, now).await) };
        let fence = self.snapshots.fence([Entry::Account(user)]).await;
        let uow = self.units_of_work.begin().await?;
        let Some(aftermath) = self.remove(&*uow, user, &digest, origin, now).await? else {
            drop(uow);
            fence.lift().await;
            return Err(self.refuse(origin, now).await);
        };
        let stale = self.snapshots.refreshed(aftermath.stale);
        finish(uow, [fence, stale], &self.trail, aftermath.events).await?;
        self.removal.erase_traces(user, now).await;
        Ok(())
    }

    async fn owner(&self, digest: &TokenDigest, now: OffsetDateTime) -> Result<Option<UserId>, Fault> {
        let token = self.one_time_tokens.find(digest, Purpose::EmailVerification, now).await?;
        let Some(id) = token.and_then(|token| token.user_id) else { return Ok(None) };
        Ok(self.users.find_by_id(id).await?.filter(may_be_disowned).map(|user| user.id))
    }

    /// `None` if the token was used meanwhile, or the account has been verified.
    async fn remove(
        &self,
        uow: &dyn UnitOfWork,
        user: UserId,
        digest: &TokenDigest,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Option<Aftermath>, Fault> {
        let Some(user) = uow.users().lock(user).await?.filter(may_be_disowned) else { return Ok(None) };
        if uow.one_time_tokens().consume(digest, Purpose::EmailVerification, now).await?.is_none() {
            return Ok(None);
        }
        match self.removal.remove(uow, &user, RemovalCause::Disowned, origin, now).await {
            Ok(aftermath) => Ok(Some(aftermath)),
            Err(RemovalError::Internal(fault)) => Err(fault),
            Err(RemovalError::LastAdmin) => Err(Fault::internal("removal", "a disowned account was held back")),
        }
    }

    async fn refuse(&self, origin: &Origin, now: OffsetDateTime) -> DisownAccountError {
        self.refused.refuse("email_verification", origin, now, DisownAccountError::InvalidToken).await
    }
}

/// A verified account is its owner's; an inactive one is kept for whoever deactivated it.
fn may_be_disowned(user: &User) -> bool {
    user.is_active && !user.email_verified
}

#[cfg(test)]
mod tests;
