//! A session in an export.

use std::net::IpAddr;

use countersign_domain::session::Session;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::present::Timestamp;

/// A session that is still held.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedSession)]
pub(crate) struct ExportedSessionBody {
    id: Uuid,
    created_at: Timestamp,
    last_seen_at: Timestamp,
    /// It ends by then, however often it is refreshed.
    expires_at: Timestamp,
    /// When it was ended before that; it is forgotten once its last access token has expired.
    #[schema(required)]
    ended_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, required)]
    ip: Option<IpAddr>,
    #[schema(required)]
    user_agent: Option<String>,
    /// The address it was begun from; null where that was not kept yet.
    #[schema(value_type = Option<String>, required)]
    sign_in_ip: Option<IpAddr>,
    /// The program it was begun with; likewise.
    #[schema(required)]
    sign_in_user_agent: Option<String>,
}

impl From<Session> for ExportedSessionBody {
    fn from(session: Session) -> Self {
        Self {
            id: session.id.as_uuid(),
            created_at: session.created_at.into(),
            last_seen_at: session.last_seen_at.into(),
            expires_at: session.expires_at.into(),
            ended_at: session.ended_at.map(Into::into),
            ip: session.ip,
            user_agent: session.user_agent,
            sign_in_ip: session.sign_in_ip,
            sign_in_user_agent: session.sign_in_user_agent,
        }
    }
}
