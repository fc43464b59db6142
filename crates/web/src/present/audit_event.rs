//! An audit event.

use countersign_domain::audit::AuditEvent;
use countersign_domain::ids::{TeamId, UserId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::present::Timestamp;

/// Something that happened: ids only, never an address, a name or a token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub(crate) struct AuditEventBody {
    id: Uuid,
    at: Timestamp,
    event: &'static str,
    /// Who did it, if known.
    #[schema(required)]
    actor_id: Option<Uuid>,
    /// To which account.
    #[schema(required)]
    user_id: Option<Uuid>,
    /// In which team.
    #[schema(required)]
    team_id: Option<Uuid>,
    /// From which network, /24 or /48.
    #[schema(required)]
    network: Option<String>,
    #[schema(required)]
    user_agent: Option<String>,
    #[schema(required)]
    request_id: Option<String>,
    /// A short addition, such as the new role or the reason of a refusal.
    #[schema(required)]
    detail: Option<String>,
}

impl From<AuditEvent> for AuditEventBody {
    fn from(event: AuditEvent) -> Self {
        Self {
            id: event.id.as_uuid(),
            at: event.at.into(),
            event: event.kind.as_str(),
            actor_id: event.actor_id.map(UserId::as_uuid),
            user_id: event.user_id.map(UserId::as_uuid),
            team_id: event.team_id.map(TeamId::as_uuid),
            network: event.network.map(|network| network.to_string()),
            user_agent: event.user_agent,
            request_id: event.request_id,
            detail: event.detail,
        }
    }
}
