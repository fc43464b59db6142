//! Ending one session with all its tokens.

use std::sync::Arc;

use countersign_domain::audit::{AuditEvent, AuditKind, Origin};
use countersign_domain::ids::{MailId, SessionId, UserId};
use countersign_domain::session::Session;
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::actor::Actor;
use crate::auth::authenticate::AuthenticateError;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::mail::message::{MailKind, QueuedMail};
use crate::ports::id_generator::IdGenerator;
use crate::ports::unit_of_work::{UnitOfWork, UnitOfWorkFactory};
use crate::snapshots::{Entry, Fence, Snapshots};
use crate::trail::Trail;

/// Ends sessions one by one: the family of refresh tokens and every access token of it.
#[derive(Clone)]
pub(crate) struct FamilyEnding {
    ids: Arc<dyn IdGenerator>,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    snapshots: Snapshots,
    trail: Trail,
}

/// Which session ends, and what is told of it.
struct Ending {
    user: UserId,
    session: SessionId,
    event: AuditEvent,
    mail: Option<QueuedMail>,
}

impl FamilyEnding {
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self {
            ids: Arc::clone(&dependencies.ids),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// At the wish of whoever holds it. `false` if it had ended before; that is not audited again.
    pub(crate) async fn end(
        &self,
        user: UserId,
        session: SessionId,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<bool, Fault> {
        let event = self.trail.event(AuditKind::SessionEnded, origin, now).by(user).about(user);
        self.end_and_tell(Ending { user, session, event, mail: None }, now).await
    }

    /// At the wish of another session of the same account, which must still be live itself. Else as [`Self::end`].
    pub(crate) async fn end_for(
        &self,
        actor: &Actor,
        session: SessionId,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<bool, AuthenticateError> {
        let event = self.trail.event(AuditKind::SessionEnded, origin, now).by(actor.id()).about(actor.id());
        let fence = self.snapshots.fence([Entry::Session(session)]).await;
        let uow = self.units_of_work.begin().await?;
        if let Err(error) = actor.lock(&*uow, now).await {
            drop(uow);
            fence.lift().await;
            return Err(error);
        }
        Ok(self.end_within(uow, fence, Ending { user: actor.id(), session, event, mail: None }, now).await?)
    }

    /// Because an older refresh token of it came back: somebody else has had one (RFC 9700, 4.14.2).
    pub(crate) async fn end_reused(
        &self,
        session: &Session,
        user: &User,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<bool, Fault> {
        let event = self.trail.event(AuditKind::RefreshTokenReused, origin, now).about(user.id);
        let id = MailId::new(self.ids.next_id());
        let mail = QueuedMail::notice(id, MailKind::SuspiciousActivity, user, now);
        self.end_and_tell(Ending { user: user.id, session: session.id, event, mail }, now).await
    }

    async fn end_and_tell(&self, ending: Ending, now: OffsetDateTime) -> Result<bool, Fault> {
        let fence = self.snapshots.fence([Entry::Session(ending.session)]).await;
        let uow = self.units_of_work.begin().await?;
        self.end_within(uow, fence, ending, now).await
    }

    async fn end_within(
        &self,
        uow: Box<dyn UnitOfWork>,
        fence: Fence,
        Ending { user, session, event, mail }: Ending,
        now: OffsetDateTime,
    ) -> Result<bool, Fault> {
        let ended = uow.sessions().end(user, session, now).await?;
        if ended {
            // A change of address that is pending was this session's wish: whoever ends it may not have made it.
            uow.one_time_tokens().remove_requested_by(user, &[session]).await?;
            uow.audit().append(&event).await?;
            if let Some(mail) = &mail {
                uow.outbox().replace(mail).await?;
            }
            finish(uow, [fence], &self.trail, [event]).await?;
        } else {
            drop(uow);
            fence.lift().await;
        }
        Ok(ended)
    }
}
