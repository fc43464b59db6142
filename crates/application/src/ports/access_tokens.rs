//! Making and checking access tokens.

use async_trait::async_trait;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{SessionId, TeamId, UserId};
use countersign_domain::secret::Secret;
use countersign_domain::signing_key::SigningKey;
use countersign_domain::team::role::Role;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Fault;

/// What an access token says (RFC 7519, RFC 9068). Issuer, audience and key are the adapter's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessClaims {
    /// `sub` and `user_id`.
    pub user_id: UserId,
    /// `email`.
    pub email: EmailAddress,
    /// `teams` and `roles`: active memberships, at most as many as the policy allows.
    pub roles: Vec<(TeamId, Role)>,
    /// `teams_truncated`: whether there are more.
    pub teams_truncated: bool,
    /// `sid`.
    pub session_id: SessionId,
    /// `jti`.
    pub token_id: Uuid,
    /// `iat`, whole seconds count.
    pub issued_at: OffsetDateTime,
    /// `exp`, whole seconds count.
    pub expires_at: OffsetDateTime,
}

/// What the service itself believes of an access token. Teams and roles are not part of it: they are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedAccess {
    /// The account.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
}

/// Why an access token is not believed.
#[derive(Debug, thiserror::Error)]
pub enum AccessTokenError {
    /// Forged, expired, of another issuer, audience, type or key, or malformed (RFC 8725).
    #[error("the access token is invalid")]
    Invalid,
    /// It could not be checked.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Issues and verifies access tokens with the keys of the service.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AccessTokens: Send + Sync {
    /// Signs with the key that is active at `issued_at`.
    async fn issue(&self, claims: &AccessClaims) -> Result<Secret, Fault>;

    /// The signing keys as this process knows them, oldest first: what the database said a moment ago.
    async fn known_keys(&self) -> Result<Vec<SigningKey>, Fault>;

    /// Checks signature, key state, type, issuer, audience and times at `now`, with 30 s leeway for clocks.
    async fn verify(&self, token: &str, now: OffsetDateTime) -> Result<VerifiedAccess, AccessTokenError>;
}
