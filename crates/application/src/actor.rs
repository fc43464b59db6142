//! Who asks.

use countersign_domain::ids::{SessionId, UserId};
use countersign_domain::session::SessionState;
use countersign_domain::user::{Credentials, User};
use time::OffsetDateTime;

use crate::auth::authenticate::AuthenticateError;
use crate::ports::unit_of_work::UnitOfWork;

/// An account that showed a valid access token, as it was when it was let in. There is none without a session: commands
/// of the operator and the workers act for nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The account.
    pub user: User,
    /// The session of the token.
    pub session_id: SessionId,
}

impl Actor {
    /// The account's id.
    pub const fn id(&self) -> UserId {
        self.user.id
    }

    /// For writes, before anything else is locked or written: locks account and session, and judges by the rows under
    /// the locks what the token was judged by when the actor was let in. What ended the session, or took the account its
    /// rights, and was answered since then counts; what comes later waits for this unit of work.
    pub async fn lock(&self, uow: &dyn UnitOfWork, now: OffsetDateTime) -> Result<Credentials, AuthenticateError> {
        let locked = uow.sessions().lock(self.id(), self.session_id).await?;
        locked
            .filter(|(account, session)| SessionState::from(session).is_live(&account.user, now))
            .map(|(account, _)| account)
            .ok_or(AuthenticateError::InvalidToken)
    }

    /// The same together with another account, which is `None` if it is gone. By id, as two may be about each other.
    pub async fn lock_with(
        &self,
        other: UserId,
        uow: &dyn UnitOfWork,
        now: OffsetDateTime,
    ) -> Result<(User, Option<User>), AuthenticateError> {
        let before = if other < self.id() { uow.users().lock(other).await? } else { None };
        let own = self.lock(uow, now).await?.user;
        let about = match other {
            other if other < self.id() => before,
            other if other == self.id() => Some(own.clone()),
            other => uow.users().lock(other).await?,
        };
        Ok((own, about))
    }
}

#[cfg(test)]
mod tests;
