//! A one-time token in an export, without the token.

use countersign_domain::ids::SessionId;
use countersign_domain::one_time_token::OneTimeToken;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::present::Timestamp;

/// That a token was mailed and not used yet.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedOneTimeToken)]
pub(crate) struct ExportedOneTimeTokenBody {
    /// `email_verification`, `email_change` or `password_reset`.
    purpose: &'static str,
    /// The address that waits to be confirmed.
    #[schema(required)]
    new_email: Option<String>,
    /// The session that asked for the new address.
    #[schema(required)]
    requested_by: Option<Uuid>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl From<OneTimeToken> for ExportedOneTimeTokenBody {
    fn from(token: OneTimeToken) -> Self {
        Self {
            purpose: token.purpose.as_str(),
            new_email: token.new_email.map(|email| email.as_str().to_owned()),
            requested_by: token.requested_by.map(SessionId::as_uuid),
            created_at: token.created_at.into(),
            expires_at: token.expires_at.into(),
        }
    }
}
