//! The pair of tokens (RFC 6749, 5.1).

use countersign_application::auth::tokens::Tokens;
use serde::Serialize;
use utoipa::ToSchema;

/// An access token and a refresh token.
#[derive(Serialize, ToSchema)]
#[schema(as = Tokens)]
pub(crate) struct TokensBody {
    /// For `Authorization: Bearer`.
    pub(crate) access_token: String,
    /// `Bearer`.
    pub(crate) token_type: &'static str,
    /// Seconds.
    pub(crate) expires_in: i64,
    /// Good for one `POST /auth/refresh`.
    pub(crate) refresh_token: String,
    /// Seconds.
    pub(crate) refresh_expires_in: i64,
}

impl From<Tokens> for TokensBody {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token.expose().to_owned(),
            token_type: "Bearer",
            expires_in: tokens.expires_in.whole_seconds(),
            refresh_token: tokens.refresh_token.expose().to_owned(),
            refresh_expires_in: tokens.refresh_expires_in.whole_seconds(),
        }
    }
}
