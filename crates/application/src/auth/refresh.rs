//! Exchanges a refresh token for its successor and a fresh access token.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::ids::SessionId;
use countersign_domain::network::Network;
use countersign_domain::secret::{RefreshToken, Secret};
use countersign_domain::session::{Presented, Session, SessionLifetime};
use countersign_domain::user::User;
use time::{Duration, OffsetDateTime};

use crate::auth::family_ending::FamilyEnding;
use crate::auth::refused_tokens::RefusedTokens;
use crate::auth::tokens::{TokenIssuance, Tokens};
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::limits::LimitExceeded;
use crate::ports::clock::Clock;
use crate::ports::sealer::Sealer;
use crate::ports::secret_generator::SecretGenerator;
use crate::ports::session_repository::{Rotation, SessionRepository};
use crate::ports::unit_of_work::UnitOfWorkFactory;
use crate::ports::user_repository::UserRepository;
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct RefreshCommand {
    /// The token.
    pub refresh_token: Secret,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The refresh token is invalid, expired or was used before; sign in again.
    #[error("the refresh token is invalid, expired or was used before; sign in again")]
    InvalidRefreshToken,
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { RefreshError {
    InvalidRefreshToken => Unauthenticated "invalid_refresh_token",
} via { Limited, Internal } }

/// A session that goes on with the next refresh token.
pub(crate) struct Exchanged {
    pub(crate) user: User,
    pub(crate) session_id: SessionId,
    pub(crate) successor: RefreshToken,
    /// When it is over unless refreshed again.
    pub(crate) expires_at: OffsetDateTime,
}

/// How long a token that was exchanged gets the same successor again.
#[derive(Clone, Copy)]
struct ReuseWindows {
    /// From where it was exchanged.
    unmoved: Duration,
    /// From another network or with another program.
    moved: Duration,
}

/// The use case.
#[derive(Clone)]
pub struct Refresh {
    clock: Arc<dyn Clock>,
    refused: RefusedTokens,
    sessions: Arc<dyn SessionRepository>,
    users: Arc<dyn UserRepository>,
    secrets: Arc<dyn SecretGenerator>,
    sealer: Arc<dyn Sealer>,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    tokens: TokenIssuance,
    ending: FamilyEnding,
    trail: Trail,
    lifetime: SessionLifetime,
}

impl Refresh {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            refused: RefusedTokens::new(dependencies),
            sessions: Arc::clone(&dependencies.sessions),
            users: Arc::clone(&dependencies.users),
            secrets: Arc::clone(&dependencies.secrets),
            sealer: Arc::clone(&dependencies.sealer),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            tokens: TokenIssuance::new(dependencies),
            ending: FamilyEnding::new(dependencies),
            trail: Trail::new(dependencies),
            lifetime: dependencies.policy.session,
        }
    }

    /// Exchanges a refresh token for its successor and a fresh access token.
    ///
    /// Four statements: session, account, rotation, active memberships; a fifth, the audit event, only when
    /// the client has moved, and a sixth while the address is not verified.
    pub async fn execute(&self, origin: &Origin, command: RefreshCommand) -> Result<Tokens, RefreshError> {
        let now = self.clock.now();
        self.refused.check(origin, now).await?;
        let windows = ReuseWindows { unmoved: self.lifetime.reuse_window, moved: self.lifetime.reuse_window };
        let exchanged = self.exchange(&command.refresh_token, windows, origin, now).await?;
        let Some(Exchanged { user, session_id, successor, expires_at }) = exchanged else {
            return Err(self.refused.refuse("refresh", origin, now, RefreshError::InvalidRefreshToken).await);
        };
        let tokens = self.tokens.tokens(&user, session_id, &successor, expires_at, now).await?;
        self.trail.announce_refresh(user.id, origin);
        Ok(tokens)
    }

    /// The same for a browser, which sees no access token: none is made, and nobody asks for memberships. `None` for what
    /// is refused. That is not counted as a guess: the token comes out of a cookie that this service has sealed.
    pub(crate) async fn renew(
        &self,
        refresh_token: &Secret,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Option<Exchanged>, Fault> {
        let windows = ReuseWindows {
            unmoved: self.lifetime.browser_reuse_window(),
            moved: self.lifetime.moved_browser_reuse_window(),
        };
        let exchanged = self.exchange(refresh_token, windows, origin, now).await?;
        if let Some(exchanged) = &exchanged {
            self.trail.announce_refresh(exchanged.user.id, origin);
        }
        Ok(exchanged)
    }

    /// The session of a token, and its account.
    async fn family(&self, presented: &RefreshToken) -> Result<Option<(Session, User)>, Fault> {
        let Some(session) = self.sessions.find_by_family(&presented.family_digest()).await? else { return Ok(None) };
        let user = self.users.find_by_id(session.user_id).await?;
        Ok(user.map(|user| (session, user)))
    }

    /// Judges once more if another request with the same token was faster: then that one made the successor. Also if
    /// the account entered a new epoch between the two looks: then the session may have been kept and moved on to it.
    async fn exchange(
        &self,
        refresh_token: &Secret,
        windows: ReuseWindows,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Option<Exchanged>, Fault> {
        let Some(presented) = &RefreshToken::parse(refresh_token.expose()) else { return Ok(None) };
        for _attempt in 0..2 {
            let Some((session, user)) = self.family(presented).await? else { return Ok(None) };
            if session.lags_behind(&user, now) {
                continue;
            }
            if !session.is_live(&user, now) {
                return Ok(None);
            }
            let window = if has_moved(&session, origin) { windows.moved } else { windows.unmoved };
            match session.judge(presented, window, now) {
                Presented::Dead => return Ok(None),
                Presented::Reused => {
                    self.ending.end_reused(&session, &user, origin, now).await?;
                    return Ok(None);
                }
                Presented::JustRotated { sealed_successor } => {
                    let successor = self.sealer.open_successor(presented, &sealed_successor)?;
                    if session.judge(presented, windows.moved, now) == Presented::Reused {
                        self.trail.announce_late_refresh(user.id, origin);
                    }
                    let (session_id, expires_at) = (session.id, session.idle_expires_at);
                    return Ok(Some(Exchanged { user, session_id, successor, expires_at }));
                }
                Presented::Current => {
                    let rotated = self.rotate(&session, &user, presented, origin, now).await?;
                    if let Some((successor, expires_at)) = rotated {
                        return Ok(Some(Exchanged { user, session_id: session.id, successor, expires_at }));
                    }
                }
            }
        }
        Ok(None)
    }

    /// The next token, and when the session is over unless that is used; `None` when the token no longer was the current
    /// one of a live session.
    async fn rotate(
        &self,
        session: &Session,
        user: &User,
        presented: &RefreshToken,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Option<(RefreshToken, OffsetDateTime)>, Fault> {
        let successor = presented.successor(self.secrets.octets());
        let rotation = Rotation {
            session_id: session.id,
            presented: presented.digest(),
            successor: successor.digest(),
            sealed_successor: self.sealer.seal_successor(presented, &successor)?,
            at: now,
            idle_expires_at: session.idle_expiry(&self.lifetime, now),
            ip: origin.ip,
            user_agent: origin.user_agent.clone(),
        };
        let moved = has_moved(session, origin)
            .then(|| self.trail.event(AuditKind::SessionMoved, origin, now).by(user.id).about(user.id));
        let stored = match &moved {
            Some(event) => self.trail.stores_repeat(event, session.id.as_uuid()).await,
            None => false,
        };
        let uow = self.units_of_work.begin().await?;
        if !uow.sessions().rotate(&rotation).await? {
            return Ok(None);
        }
        // The purge of unused accounts has no other sign of life once the session is over.
        if let Some(ip) = origin.ip.filter(|_| !user.email_verified) {
            uow.networks().remember(user.id, Network::logged(ip), now).await?;
        }
        if let Some(event) = moved.as_ref().filter(|_| stored) {
            uow.audit().append(event).await?;
        }
        finish(uow, [], &self.trail, moved).await?;
        Ok(Some((successor, rotation.idle_expires_at)))
    }
}

/// Whether the session was last used from another network or with another program (ASVS 8.2.4: allowed, audited).
fn has_moved(session: &Session, origin: &Origin) -> bool {
    session.ip.map(Network::logged) != origin.ip.map(Network::logged) || session.user_agent != origin.user_agent
}

#[cfg(test)]
mod tests;
