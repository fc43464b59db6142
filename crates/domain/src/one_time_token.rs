//! Tokens that are mailed and work once.

use time::OffsetDateTime;

use crate::email_address::EmailAddress;
use crate::ids::{OneTimeTokenId, SessionId, UserId};
use crate::secret::TokenDigest;

/// What a one-time token is for. It works for nothing else (ASVS 6.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Set a new password.
    PasswordReset,
    /// Prove the address of an account, or disown the account.
    EmailVerification,
    /// Prove the new address of an account.
    EmailChange,
}

impl Purpose {
    /// Stable name, for storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PasswordReset => "password_reset",
            Self::EmailVerification => "email_verification",
            Self::EmailChange => "email_change",
        }
    }

    /// Reads the stored name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::PasswordReset, Self::EmailVerification, Self::EmailChange].into_iter().find(|p| p.as_str() == text)
    }
}

/// A one-time token as it is stored: its digest, what it is for, until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimeToken {
    /// Id of the row.
    pub id: OneTimeTokenId,
    /// Whose account it acts on. `None` for a decoy, written for an address without an account so that
    /// both cost the same.
    pub user_id: Option<UserId>,
    /// The only thing it works for.
    pub purpose: Purpose,
    /// Digest of the token.
    pub digest: TokenDigest,
    /// The address that an [`Purpose::EmailChange`] would set.
    pub new_email: Option<EmailAddress>,
    /// The session that asked for an [`Purpose::EmailChange`]; it outlives the change.
    pub requested_by: Option<SessionId>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// It is dead from then on.
    pub expires_at: OffsetDateTime,
}

impl OneTimeToken {
    /// Whether its time has come.
    pub fn is_expired(&self, now: OffsetDateTime) -> bool {
        now >= self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_read_back() {
        for purpose in [Purpose::PasswordReset, Purpose::EmailVerification, Purpose::EmailChange] {
            assert_eq!(Purpose::parse(purpose.as_str()), Some(purpose));
        }
        assert_eq!(Purpose::parse("login"), None);
    }

    #[test]
    fn a_token_lives_to_the_last_moment_before_its_expiry() {
        let expires_at = OffsetDateTime::UNIX_EPOCH + time::Duration::HOUR;
        let token = OneTimeToken {
            id: OneTimeTokenId::new(uuid::Uuid::from_u128(1)),
            user_id: None,
            purpose: Purpose::PasswordReset,
            digest: TokenDigest::of(b"x"),
            new_email: None,
            requested_by: None,
            created_at: OffsetDateTime::UNIX_EPOCH,
            expires_at,
        };
        assert!(!token.is_expired(expires_at - time::Duration::MILLISECOND));
        assert!(token.is_expired(expires_at));
        assert!(token.is_expired(expires_at + time::Duration::MILLISECOND));
    }
}
