//! An invitation as the admins of its team see it. Never its token.

use countersign_domain::invitation::InvitationListing;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::present::{Timestamp, words};

/// An invitation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(crate) struct InvitationBody {
    id: Uuid,
    #[schema(format = Email)]
    email: String,
    #[schema(schema_with = words::role)]
    role: &'static str,
    #[schema(schema_with = words::invitation_state)]
    state: &'static str,
    #[schema(schema_with = words::delivery)]
    delivery: &'static str,
    /// Why the mail was not sent, or not yet, as far as it concerns its recipient.
    #[schema(required)]
    delivery_reason: Option<String>,
    /// Null once that account is gone.
    #[schema(required)]
    invited_by: Option<Uuid>,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl From<InvitationListing> for InvitationBody {
    fn from(listing: InvitationListing) -> Self {
        let InvitationListing { invitation, delivery, delivery_reason } = listing;
        Self {
            id: invitation.id.as_uuid(),
            email: invitation.email.as_str().to_owned(),
            role: invitation.role.as_str(),
            state: invitation.state.as_str(),
            delivery: delivery.as_str(),
            delivery_reason,
            invited_by: invitation.invited_by.map(countersign_domain::ids::UserId::as_uuid),
            created_at: invitation.created_at.into(),
            expires_at: invitation.expires_at.into(),
        }
    }
}
