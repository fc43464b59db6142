//! An audit event with the names of those it is by and about.

use countersign_application::admin::name_subjects::Subjects;
use countersign_domain::audit::AuditEvent;
use countersign_domain::ids::UserId;
use serde::Serialize;

use crate::present::AuditEventBody;

/// Whoever is gone has no name.
#[derive(Serialize)]
pub(crate) struct NamedEvent {
    #[serde(flatten)]
    event: AuditEventBody,
    actor: Option<NamedUser>,
    user: Option<NamedUser>,
    team: Option<String>,
}

#[derive(Serialize)]
struct NamedUser {
    name: String,
    email: String,
}

impl NamedEvent {
    pub(crate) fn of(event: AuditEvent, subjects: &Subjects) -> Self {
        let named = |id: Option<UserId>| {
            let user = subjects.users.iter().find(|user| Some(user.id) == id)?;
            Some(NamedUser { name: user.full_name(), email: user.email.as_str().to_owned() })
        };
        let team = subjects.teams.iter().find(|team| Some(team.id) == event.team_id);
        Self {
            actor: named(event.actor_id),
            user: named(event.user_id),
            team: team.map(|team| team.name.as_str().to_owned()),
            event: event.into(),
        }
    }
}
