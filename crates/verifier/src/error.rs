//! Why a token is not accepted.

use crate::issuer::Unreachable;

/// Why a token is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// There is no token in the request: no `Authorization: Bearer …` (RFC 6750, 2.1).
    #[error("no access token: send Authorization: Bearer <token>")]
    Missing,
    /// Not a token of this issuer for this audience, not yet valid, or altered. Why is of use to none but who made it.
    #[error("the access token is not valid")]
    Invalid,
    /// It was one, and has expired: exchange the refresh token.
    #[error("the access token has expired")]
    Expired,
    /// Its session or account has ended, though it has not expired.
    #[error("the access token was revoked")]
    Revoked,
    /// The service that issues tokens cannot be asked, and nothing it said before is fresh enough. Not the client's fault:
    /// answer 503.
    #[error("access tokens cannot be verified now")]
    Unavailable(#[source] Unreachable),
}
