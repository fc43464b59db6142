//! A sign-in and the chain of refresh tokens that keeps it alive.

use std::net::IpAddr;

use time::{Duration, OffsetDateTime};

use crate::ids::{SessionId, UserId};
use crate::secret::{RefreshToken, TokenDigest};
use crate::user::User;

/// A session: one family of refresh tokens, of which only digests are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The `sid` of its access tokens.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The account's epoch when it began; once the account has a later one, the session is dead.
    pub epoch: i64,
    /// Digest of the part that all its refresh tokens share.
    pub family: TokenDigest,
    /// Digest of the refresh token that is good now.
    pub current: TokenDigest,
    /// The generation before, if there was one.
    pub previous: Option<Rotated>,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When it was last used to sign in or to refresh.
    pub last_seen_at: OffsetDateTime,
    /// It ends then unless refreshed before (ASVS 7.3.1).
    pub idle_expires_at: OffsetDateTime,
    /// It ends then in any case (ASVS 7.3.2).
    pub expires_at: OffsetDateTime,
    /// When it was ended early.
    pub ended_at: Option<OffsetDateTime>,
    /// Address it was last used from.
    pub ip: Option<IpAddr>,
    /// Program it was last used with.
    pub user_agent: Option<String>,
    /// Address it was begun from; `None` also for one that was begun before this was kept.
    pub sign_in_ip: Option<IpAddr>,
    /// Program it was begun with; likewise.
    pub sign_in_user_agent: Option<String>,
}

/// A refresh token that was exchanged for its successor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// Digest of the token that was exchanged.
    pub digest: TokenDigest,
    /// When.
    pub at: OffsetDateTime,
    /// The successor, sealed under a key that only the holder of the exchanged token can derive.
    /// `None` once erased.
    pub sealed_successor: Option<Vec<u8>>,
}

/// How long a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLifetime {
    /// Without a refresh.
    pub idle: Duration,
    /// In all.
    pub absolute: Duration,
    /// How long an exchanged refresh token gets the same successor again.
    pub reuse_window: Duration,
}

impl SessionLifetime {
    /// The same for a refresh token that lies sealed in a cookie, and comes from where it was exchanged: an answer may be
    /// lost on a bad line, which browsers wait for no longer than this.
    pub fn browser_reuse_window(&self) -> Duration {
        self.reuse_window.max(Duration::minutes(5))
    }

    /// The same where it comes from another network or program: for the tabs of a browser, which come back all at once,
    /// maybe while the network changes. Longer, it would do for whoever has a copy of the cookie.
    pub fn moved_browser_reuse_window(&self) -> Duration {
        self.reuse_window.max(Duration::seconds(10))
    }
}

/// What a presented refresh token of a known family is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presented {
    /// The one that is good now: exchange it.
    Current,
    /// Exchanged a moment ago, by another tab or in an answer that was lost: its holder gets the same successor.
    JustRotated {
        /// The successor as it was sealed.
        sealed_successor: Vec<u8>,
    },
    /// An older generation, or exchanged too long ago: stolen, by whoever came first or by whoever comes now.
    Reused,
    /// The session is over.
    Dead,
}

impl Session {
    /// Whether the session still counts, all reasons considered, for this state of its account.
    pub fn is_live(&self, user: &User, now: OffsetDateTime) -> bool {
        !self.is_over(now) && user.is_active && user.id == self.user_id && user.epoch == self.epoch
    }

    /// Whether it was ended or its time is up, whatever became of its account.
    fn is_over(&self, now: OffsetDateTime) -> bool {
        self.ended_at.is_some() || now >= self.idle_expires_at || now >= self.expires_at
    }

    /// Whether it counts but for its epoch: it may have been kept while the others were ended, and been read just
    /// before that.
    pub fn lags_behind(&self, user: &User, now: OffsetDateTime) -> bool {
        self.epoch != user.epoch && Self { epoch: user.epoch, ..self.clone() }.is_live(user, now)
    }

    /// Judges a refresh token of this session's family. Whether the account still honours the session is
    /// [`Self::is_live`]'s to say.
    pub fn judge(&self, token: &RefreshToken, window: Duration, now: OffsetDateTime) -> Presented {
        if self.is_over(now) {
            return Presented::Dead;
        }
        let digest = token.digest();
        if digest == self.current {
            return Presented::Current;
        }
        match &self.previous {
            Some(Rotated { digest: previous, at, sealed_successor: Some(sealed) })
                if *previous == digest && !window.is_zero() && now < *at + window =>
            {
                Presented::JustRotated { sealed_successor: sealed.clone() }
            }
            _ => Presented::Reused,
        }
    }

    /// When a session refreshed now ends unless refreshed again: never later than its absolute end.
    pub fn idle_expiry(&self, lifetime: &SessionLifetime, now: OffsetDateTime) -> OffsetDateTime {
        self.expires_at.min(now + lifetime.idle)
    }
}

/// The part of a session that decides whether an access token of it still counts; small enough to cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionState {
    /// Whose it is.
    pub user_id: UserId,
    /// The account's epoch when it began.
    pub epoch: i64,
    /// Whether it was ended early.
    pub ended: bool,
    /// Its absolute end.
    pub expires_at: OffsetDateTime,
}

impl SessionState {
    /// Whether an access token of this session counts for this state of its account.
    pub fn is_live(&self, user: &User, now: OffsetDateTime) -> bool {
        !self.ended && user.is_active && user.id == self.user_id && user.epoch == self.epoch && now < self.expires_at
    }

    /// Whether it counts but for its epoch, as by [`Session::lags_behind`].
    pub fn lags_behind(&self, user: &User, now: OffsetDateTime) -> bool {
        self.epoch != user.epoch && Self { epoch: user.epoch, ..*self }.is_live(user, now)
    }
}

impl From<&Session> for SessionState {
    fn from(session: &Session) -> Self {
        Self {
            user_id: session.user_id,
            epoch: session.epoch,
            ended: session.ended_at.is_some(),
            expires_at: session.expires_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::email_address::EmailAddress;
    use crate::name::PersonName;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);
    const WINDOW: Duration = Duration::seconds(30);

    fn user() -> User {
        User::register(
            UserId::new(Uuid::from_u128(1)),
            EmailAddress::parse("a@example.com").unwrap(),
            PersonName::parse("Given").unwrap(),
            PersonName::parse("Familyname").unwrap(),
            NOW,
        )
    }

    fn token(generation: u8) -> RefreshToken {
        RefreshToken::new([9; 16], [generation; 32])
    }

    fn session() -> Session {
        Session {
            id: SessionId::new(Uuid::from_u128(2)),
            user_id: user().id,
            epoch: 0,
            family: token(2).family_digest(),
            current: token(2).digest(),
            previous: Some(Rotated { digest: token(1).digest(), at: NOW, sealed_successor: Some(vec![7]) }),
            created_at: NOW,
            last_seen_at: NOW,
            idle_expires_at: NOW + Duration::days(30),
            expires_at: NOW + Duration::days(180),
            ended_at: None,
            ip: None,
            user_agent: None,
            sign_in_ip: None,
            sign_in_user_agent: None,
        }
    }

    #[test]
    fn the_former_token_gets_its_successor_only_inside_the_window() {
        let session = session();
        assert_eq!(session.judge(&token(2), WINDOW, NOW), Presented::Current);
        assert_eq!(
            session.judge(&token(1), WINDOW, NOW + Duration::seconds(29)),
            Presented::JustRotated { sealed_successor: vec![7] }
        );
        assert_eq!(session.judge(&token(1), WINDOW, NOW + WINDOW), Presented::Reused);
    }

    #[test]
    fn a_window_of_zero_is_off_also_for_a_request_that_began_before_the_exchange() {
        let earlier = NOW - Duration::milliseconds(1);
        assert_eq!(session().judge(&token(1), Duration::ZERO, earlier), Presented::Reused);
        assert_eq!(session().judge(&token(1), Duration::ZERO, NOW), Presented::Reused);
    }

    #[test]
    fn an_older_generation_is_reuse_also_inside_the_window() {
        assert_eq!(session().judge(&token(0), WINDOW, NOW), Presented::Reused);
    }

    #[test]
    fn an_ended_or_expired_session_is_dead_for_every_token() {
        let mut ended = session();
        ended.ended_at = Some(NOW);
        assert_eq!(ended.judge(&token(2), WINDOW, NOW), Presented::Dead);
        assert_eq!(ended.judge(&token(1), WINDOW, NOW), Presented::Dead);
        assert!(!ended.is_live(&user(), NOW) && !SessionState::from(&ended).is_live(&user(), NOW));
        assert_eq!(session().judge(&token(2), WINDOW, NOW + Duration::days(30)), Presented::Dead);
    }

    #[test]
    fn a_session_is_over_at_whichever_of_its_two_ends_comes_first() {
        let end = NOW + Duration::HOUR;
        let last = end - Duration::MILLISECOND;
        for (idle_expires_at, expires_at) in [(end, end), (end, end + Duration::HOUR), (end + Duration::HOUR, end)] {
            let session = Session { idle_expires_at, expires_at, ..session() };
            assert!(session.is_live(&user(), last) && !session.is_live(&user(), end));
            assert_eq!(session.judge(&token(2), WINDOW, last), Presented::Current);
            assert_eq!(session.judge(&token(2), WINDOW, end), Presented::Dead);
            let state = SessionState::from(&session);
            let absolute_last = expires_at - Duration::MILLISECOND;
            assert!(state.is_live(&user(), absolute_last) && !state.is_live(&user(), expires_at));
        }
    }

    #[test]
    fn idle_expiry_never_passes_the_absolute_end() {
        let lifetime =
            SessionLifetime { idle: Duration::days(30), absolute: Duration::days(180), reuse_window: WINDOW };
        let session = session();
        assert_eq!(session.idle_expiry(&lifetime, NOW), NOW + Duration::days(30));
        assert_eq!(session.idle_expiry(&lifetime, NOW + Duration::days(170)), session.expires_at);
    }

    #[test]
    fn a_session_dies_with_its_epoch_its_account_and_its_time() {
        let state = SessionState::from(&session());
        assert!(state.is_live(&user(), NOW) && session().is_live(&user(), NOW));
        let mut later = user();
        later.end_sessions(NOW);
        assert!(!state.is_live(&later, NOW));
        assert!(!session().is_live(&later, NOW));
        assert!(state.lags_behind(&later, NOW) && session().lags_behind(&later, NOW));
        assert!(!state.lags_behind(&user(), NOW) && !session().lags_behind(&user(), NOW));
        later.is_active = false;
        assert!(!state.lags_behind(&later, NOW) && !session().lags_behind(&later, NOW));
        let mut inactive = user();
        inactive.is_active = false;
        assert!(!state.is_live(&inactive, NOW) && !session().is_live(&inactive, NOW));
        let mut other = user();
        other.id = UserId::new(Uuid::from_u128(99));
        assert!(!state.is_live(&other, NOW) && !session().is_live(&other, NOW));
    }
}
