//! An invitation in an export.

use countersign_domain::invitation::Invitation;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::present::{Timestamp, words};

/// An invitation to the address of the account.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedInvitation)]
pub(crate) struct ExportedInvitationBody {
    id: Uuid,
    team_id: Uuid,
    #[schema(schema_with = words::role)]
    role: &'static str,
    #[schema(schema_with = words::invitation_state)]
    state: &'static str,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl ExportedInvitationBody {
    /// As it is at this moment.
    pub(crate) fn of(invitation: &Invitation, now: OffsetDateTime) -> Self {
        Self {
            id: invitation.id.as_uuid(),
            team_id: invitation.team_id.as_uuid(),
            role: invitation.role.as_str(),
            state: invitation.state_at(now).as_str(),
            created_at: invitation.created_at.into(),
            expires_at: invitation.expires_at.into(),
        }
    }
}
