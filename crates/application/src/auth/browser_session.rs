//! A session as a browser keeps it: in one sealed cookie, out of reach of scripts.
//!
//! The cookie names the session, says until when that counts without a look at the refresh token (as long as an access
//! token would), and carries the refresh token for afterwards. Session and account are looked at for each request, as
//! for an access token: what ends a session ends it here too, at once.

mod form_token;

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::ids::{SessionId, UserId};
use countersign_domain::secret::{Secret, one_time_secret};
use time::{Duration, OffsetDateTime};

use crate::actor::Actor;
use crate::auth::authenticate::Authenticate;
pub use crate::auth::browser_session::form_token::{FormOf, FormToken};
use crate::auth::refresh::{Exchanged, Refresh};
use crate::auth::tokens::Tokens;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::policy::CLOCK_LEEWAY;
use crate::ports::clock::Clock;
use crate::ports::sealer::Sealer;
use crate::ports::secret_generator::SecretGenerator;

/// What the cookie is to say.
#[derive(Clone, Debug)]
pub struct SessionCookie {
    /// Its value: letters, digits, `-` and `_`.
    pub value: Secret,
    /// How long it is to be kept.
    pub lasts: Duration,
}

/// Whoever a cookie stands for.
#[derive(Clone, Debug)]
pub struct BrowserSession {
    /// The account and its session.
    pub actor: Actor,
    /// What each form of this session carries.
    pub form_token: FormToken,
}

/// What came of a cookie.
#[derive(Debug)]
pub struct Resumed {
    /// Who it stands for.
    pub session: Result<BrowserSession, ResumeError>,
    /// What takes its place where the refresh token was exchanged, also where it could not be told who it stands for: the
    /// former token must not come back once its reuse window is over.
    pub renewed: Option<SessionCookie>,
}

/// Why a cookie stands for nobody.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// The session is over, or never was.
    #[error("you are not signed in; sign in")]
    Over,
    /// It could not be checked.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ResumeError {
    Over => Unauthenticated "authentication_required",
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct BrowserSessions {
    clock: Arc<dyn Clock>,
    secrets: Arc<dyn SecretGenerator>,
    sealer: Arc<dyn Sealer>,
    authenticate: Authenticate,
    refresh: Refresh,
    /// As long as an access token would count.
    fresh: Duration,
}

impl BrowserSessions {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            secrets: Arc::clone(&dependencies.secrets),
            sealer: Arc::clone(&dependencies.sealer),
            authenticate: Authenticate::new(dependencies),
            refresh: Refresh::new(dependencies),
            fresh: dependencies.policy.access_ttl,
        }
    }

    /// The cookie of a session that has just got these tokens by signing in or by a new password.
    pub fn keep(&self, tokens: &Tokens) -> Result<SessionCookie, Fault> {
        let kept = Kept {
            user_id: tokens.user_id,
            session_id: tokens.session_id,
            fresh_until: self.clock.now() + self.fresh,
            form_token: one_time_secret(self.secrets.octets()),
            refresh_token: tokens.refresh_token.clone(),
        };
        self.seal(&kept, tokens.refresh_expires_in)
    }

    /// Who the cookie stands for. Exchanges the refresh token where the time of an access token is over: no statement
    /// before that with a warm cache; session, account and rotation then.
    pub async fn resume(&self, origin: &Origin, cookie: &Secret) -> Resumed {
        let mut renewed = None;
        let session = self.renew_and_look_up(origin, cookie, &mut renewed).await;
        Resumed { session, renewed }
    }

    /// Whether the refresh token has to be exchanged before anybody knows who the cookie stands for. Asks the database
    /// nothing.
    pub fn is_stale(&self, cookie: &Secret) -> bool {
        self.open(cookie).is_ok_and(|kept| !self.is_fresh(&kept, self.clock.now()))
    }

    /// Who a fresh cookie stands for; a stale one stands for nobody here. Exchanges nothing and ends nothing: for requests
    /// of which nobody knows whether the answer, with the next cookie in it, is kept.
    pub async fn recognize(&self, cookie: &Secret) -> Result<BrowserSession, ResumeError> {
        let kept = self.open(cookie)?;
        if !self.is_fresh(&kept, self.clock.now()) {
            return Err(ResumeError::Over);
        }
        self.look_up(kept).await
    }

    async fn renew_and_look_up(
        &self,
        origin: &Origin,
        cookie: &Secret,
        renewed: &mut Option<SessionCookie>,
    ) -> Result<BrowserSession, ResumeError> {
        let mut kept = self.open(cookie)?;
        let now = self.clock.now();
        if !self.is_fresh(&kept, now) {
            let exchanged = self.refresh.renew(&kept.refresh_token, origin, now).await?;
            let Exchanged { user, session_id, successor, expires_at } = exchanged.ok_or(ResumeError::Over)?;
            let (fresh_until, refresh_token) = (now + self.fresh, successor.secret().clone());
            kept = Kept { user_id: user.id, session_id, fresh_until, refresh_token, ..kept };
            *renewed = Some(self.seal(&kept, expires_at - now)?);
        }
        self.look_up(kept).await
    }

    fn open(&self, cookie: &Secret) -> Result<Kept, ResumeError> {
        let contents = self.sealer.open_cookie(cookie);
        contents.and_then(|contents| Kept::read(contents.expose())).ok_or(ResumeError::Over)
    }

    /// What a clock that was ahead has sealed is no fresher for that.
    fn is_fresh(&self, kept: &Kept, now: OffsetDateTime) -> bool {
        now < kept.fresh_until && kept.fresh_until <= now + self.fresh + CLOCK_LEEWAY
    }

    async fn look_up(&self, kept: Kept) -> Result<BrowserSession, ResumeError> {
        let live = self.authenticate.live(kept.user_id, kept.session_id, self.clock.now()).await?;
        let actor = live.ok_or(ResumeError::Over)?;
        let form_token = FormToken::new(kept.form_token, self.sealer.mark_forms_of(actor.id())?);
        Ok(BrowserSession { actor, form_token })
    }

    fn seal(&self, kept: &Kept, lasts: Duration) -> Result<SessionCookie, Fault> {
        Ok(SessionCookie { value: self.sealer.seal_cookie(&kept.write())?, lasts })
    }
}

/// What is sealed: five texts, none of which has a full stop in it.
struct Kept {
    user_id: UserId,
    session_id: SessionId,
    fresh_until: OffsetDateTime,
    /// The half of the session.
    form_token: Secret,
    refresh_token: Secret,
}

impl Kept {
    fn write(&self) -> Secret {
        let (user, session, until) = (self.user_id, self.session_id, self.fresh_until.unix_timestamp());
        Secret::new(format!("{user}.{session}.{until}.{}.{}", self.form_token.expose(), self.refresh_token.expose()))
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(5, '.');
        Some(Self {
            user_id: UserId::parse(parts.next()?)?,
            session_id: SessionId::parse(parts.next()?)?,
            fresh_until: OffsetDateTime::from_unix_timestamp(parts.next()?.parse().ok()?).ok()?,
            form_token: Secret::new(parts.next()?),
            refresh_token: Secret::new(parts.next()?),
        })
    }
}

#[cfg(test)]
mod tests;
