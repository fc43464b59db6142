//! Swaps the address with the token mailed to the new one, and ends every session but that which asked for it.

use std::sync::Arc;

use countersign_domain::audit::{AuditEvent, AuditKind, Origin};
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{MailId, SessionId, TeamId, UserId};
use countersign_domain::one_time_token::{OneTimeToken, Purpose};
use countersign_domain::secret::{Secret, TokenDigest};
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::auth::refused_tokens::RefusedTokens;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Conflict, Fault, WriteError, classify};
use crate::limits::LimitExceeded;
use crate::mail::message::{MailKind, QueuedMail};
use crate::ports::clock::Clock;
use crate::ports::id_generator::IdGenerator;
use crate::ports::one_time_token_repository::OneTimeTokenRepository;
use crate::ports::unit_of_work::{UnitOfWork, UnitOfWorkFactory};
use crate::snapshots::{Entry, Snapshots};
use crate::teams::moot_invitations;
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct ConfirmEmailChangeCommand {
    /// The mailed token.
    pub token: Secret,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmEmailChangeError {
    /// The token is invalid, expired or used.
    #[error("the token is invalid, expired or used; ask for a new mail")]
    InvalidToken,
    /// Another account has this e-mail address.
    #[error("another account has this e-mail address")]
    EmailTaken,
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ConfirmEmailChangeError {
    InvalidToken => BadRequest "invalid_token",
    EmailTaken => Conflict "email_taken",
} via { Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ConfirmEmailChange {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    refused: RefusedTokens,
    one_time_tokens: Arc<dyn OneTimeTokenRepository>,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    snapshots: Snapshots,
    trail: Trail,
}

/// What a good token asks for.
struct Wish {
    user_id: UserId,
    new_email: EmailAddress,
    requested_by: Option<SessionId>,
    digest: TokenDigest,
}

impl Wish {
    fn of(token: OneTimeToken) -> Option<Self> {
        let OneTimeToken { user_id, new_email, requested_by, digest, .. } = token;
        Some(Self { user_id: user_id?, new_email: new_email?, requested_by, digest })
    }

    fn stale_entries(&self) -> Vec<Entry> {
        [Entry::Account(self.user_id)].into_iter().chain(self.requested_by.map(Entry::Session)).collect()
    }
}

impl ConfirmEmailChange {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            ids: Arc::clone(&dependencies.ids),
            refused: RefusedTokens::new(dependencies),
            one_time_tokens: Arc::clone(&dependencies.one_time_tokens),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Swaps the address with the token mailed to the new one, and ends every session but that which asked for it.
    pub async fn execute(
        &self,
        origin: &Origin,
        command: ConfirmEmailChangeCommand,
    ) -> Result<(), ConfirmEmailChangeError> {
        let now = self.clock.now();
        self.refused.check(origin, now).await?;
        let token = self.one_time_tokens.find(&command.token.digest(), Purpose::EmailChange, now).await?;
        let Some(wish) = token.and_then(Wish::of) else { return Err(self.refuse(origin, now).await) };
        let fence = self.snapshots.fence(wish.stale_entries()).await;
        let uow = self.units_of_work.begin().await?;
        let Some((event, given_up)) = self.swap(&*uow, &wish, origin, now).await? else {
            drop(uow);
            fence.lift().await;
            return Err(self.refuse(origin, now).await);
        };
        let given_up = given_up.into_iter().map(|team| Entry::Membership(wish.user_id, team));
        finish(uow, [fence, self.snapshots.refreshed(given_up)], &self.trail, [event]).await?;
        Ok(())
    }

    /// `None` if the token was used meanwhile, or its account may not use it any more.
    async fn swap(
        &self,
        uow: &dyn UnitOfWork,
        wish: &Wish,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Option<(AuditEvent, Vec<TeamId>)>, ConfirmEmailChangeError> {
        let locked = uow.users().lock(wish.user_id).await?.filter(|user| user.is_active);
        let Some(former) = locked else { return Ok(None) };
        let keep = match requester(uow, wish, &former, now).await? {
            Requester::Ended => return Ok(None),
            Requester::Live(session) => Some(session),
            Requester::Gone => None,
        };
        if uow.one_time_tokens().consume(&wish.digest, Purpose::EmailChange, now).await?.is_none() {
            return Ok(None);
        }
        let mut user = former.clone();
        user.change_email(wish.new_email.clone(), now);
        match uow.users().update(&user).await {
            Ok(()) => {}
            Err(WriteError::Conflict(Conflict::EmailTaken)) => return Err(ConfirmEmailChangeError::EmailTaken),
            Err(error) => return Err(error.into_fault().into()),
        }
        uow.sessions().end_by_user(user.id, keep, user.epoch, now).await?;
        let given_up = self.give_up(uow, &former, now).await?;
        moot_invitations::settle(uow, &user).await?;
        let event = self.trail.event(AuditKind::EmailChanged, origin, now).by(user.id).about(user.id);
        uow.audit().append(&event).await?;
        Ok(Some((event, given_up)))
    }

    /// Cuts what the former address was good for, and tells it. Memberships that waited for its proof belong to
    /// whoever owns it, not to an account that never proved it.
    async fn give_up(&self, uow: &dyn UnitOfWork, former: &User, now: OffsetDateTime) -> Result<Vec<TeamId>, Fault> {
        let awaiting =
            if former.email_verified { vec![] } else { uow.memberships().remove_awaiting(former.id).await? };
        let dead = [Purpose::PasswordReset, Purpose::EmailVerification];
        uow.one_time_tokens().remove_by_user(former.id, &dead).await?;
        uow.outbox().cancel_tokens(former.id, &former.email).await?;
        let id = MailId::new(self.ids.next_id());
        if let Some(mail) = QueuedMail::notice(id, MailKind::AddressChanged, former, now) {
            uow.outbox().replace(&mail).await?;
        }
        Ok(awaiting)
    }

    async fn refuse(&self, origin: &Origin, now: OffsetDateTime) -> ConfirmEmailChangeError {
        self.refused.refuse("email_change", origin, now, ConfirmEmailChangeError::InvalidToken).await
    }
}

/// What has become of the session that asked for the change.
enum Requester {
    Live(SessionId),
    /// Expired, or not known any more.
    Gone,
    /// Ended by somebody: the wish went with it.
    Ended,
}

/// A session that is not live any more is not kept either: a new epoch must not bring a dead one back.
async fn requester(uow: &dyn UnitOfWork, wish: &Wish, former: &User, now: OffsetDateTime) -> Result<Requester, Fault> {
    let Some(id) = wish.requested_by else { return Ok(Requester::Gone) };
    Ok(match uow.sessions().find_by_id(id).await? {
        Some(session) if session.is_live(former, now) => Requester::Live(session.id),
        Some(session) if session.ended_at.is_some() || session.epoch != former.epoch => Requester::Ended,
        _ => Requester::Gone,
    })
}

#[cfg(test)]
mod tests;
