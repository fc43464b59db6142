//! An audit event in an export.

use countersign_domain::audit::AuditEvent;
use countersign_domain::ids::UserId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::present::Timestamp;

/// Something that the account did, or that was done to it.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedEvent)]
pub(crate) struct ExportedEventBody {
    id: Uuid,
    at: Timestamp,
    event: &'static str,
    /// Who did it, if that was known.
    #[schema(required)]
    actor_id: Option<Uuid>,
    /// The account itself, or null: whom it did something to is about somebody else.
    #[schema(required)]
    user_id: Option<Uuid>,
    #[schema(required)]
    team_id: Option<Uuid>,
    /// Null where somebody else did it: it is that person's.
    #[schema(required)]
    network: Option<String>,
    /// Null where somebody else did it: it is that person's.
    #[schema(required)]
    user_agent: Option<String>,
    #[schema(required)]
    request_id: Option<String>,
    #[schema(required)]
    detail: Option<String>,
}

impl ExportedEventBody {
    /// As the owner of the account may see it: an export gives away nothing about others (GDPR Art. 15(4)).
    pub(crate) fn of(event: AuditEvent, owner: UserId) -> Self {
        let is_of_another = event.actor_id.is_some_and(|actor| actor != owner);
        Self {
            id: event.id.as_uuid(),
            at: event.at.into(),
            event: event.kind.as_str(),
            actor_id: event.actor_id.map(UserId::as_uuid),
            user_id: event.user_id.map(UserId::as_uuid),
            team_id: event.team_id.map(countersign_domain::ids::TeamId::as_uuid),
            network: event.network.filter(|_| !is_of_another).map(|network| network.to_string()),
            user_agent: event.user_agent.filter(|_| !is_of_another),
            request_id: event.request_id,
            detail: event.detail,
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_application::testing::{NOW, origin, user_id};
    use countersign_domain::audit::AuditKind;
    use countersign_domain::ids::AuditEventId;

    use super::*;

    #[test]
    fn where_others_came_from_is_theirs() {
        let event = AuditEvent::new(AuditEventId::new(Uuid::nil()), AuditKind::LoginFailed, &origin(), NOW);
        for (actor, is_shown) in [(Some(user_id(1)), true), (None, true), (Some(user_id(2)), false)] {
            let event = AuditEvent { actor_id: actor, ..event.clone() };
            let shown = ExportedEventBody::of(event, user_id(1));
            assert_eq!((shown.network.is_some(), shown.user_agent.is_some()), (is_shown, is_shown), "{actor:?}");
        }
    }
}
