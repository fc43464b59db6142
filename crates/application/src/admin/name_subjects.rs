//! Names the accounts and teams of audit events, to superusers.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_domain::audit::{AuditEvent, Origin};
use countersign_domain::team::Team;
use countersign_domain::user::User;

use crate::actor::Actor;
use crate::admin::guard::{SuperuserError, SuperuserGuard};
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::team_repository::TeamRepository;
use crate::ports::user_repository::UserRepository;

/// Those that still exist, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subjects {
    /// By whom and about whom the events are.
    pub users: Vec<User>,
    /// In which teams they happened.
    pub teams: Vec<Team>,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum NameSubjectsError {
    /// It takes a superuser.
    #[error(transparent)]
    Superuser(#[from] SuperuserError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { NameSubjectsError {
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct NameSubjects {
    guard: SuperuserGuard,
    users: Arc<dyn UserRepository>,
    teams: Arc<dyn TeamRepository>,
}

impl NameSubjects {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            guard: SuperuserGuard::new(dependencies),
            users: Arc::clone(&dependencies.users),
            teams: Arc::clone(&dependencies.teams),
        }
    }

    /// Names the accounts and teams of these events, to superusers. The look at the events is in the trail; whom they name
    /// can be told from them.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        events: &[AuditEvent],
    ) -> Result<Subjects, NameSubjectsError> {
        self.guard.require(actor, origin).await?;
        let users: BTreeSet<_> = events.iter().flat_map(|event| [event.actor_id, event.user_id]).flatten().collect();
        let teams: BTreeSet<_> = events.iter().filter_map(|event| event.team_id).collect();
        let (users, teams): (Vec<_>, Vec<_>) = (users.into_iter().collect(), teams.into_iter().collect());
        let users = if users.is_empty() { vec![] } else { self.users.find_many(&users).await? };
        let teams = if teams.is_empty() { vec![] } else { self.teams.find_many(&teams).await? };
        Ok(Subjects { users, teams })
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::audit::AuditKind;
    use countersign_domain::ids::AuditEventId;
    use uuid::Uuid;

    use super::*;
    use crate::error::{Classify, Kind};
    use crate::testing::{Mocks, NOW, actor, origin, outage, superuser, team, user, user_id};

    fn event() -> AuditEvent {
        AuditEvent::new(AuditEventId::new(Uuid::from_u128(1)), AuditKind::RoleChanged, &origin(), NOW)
    }

    async fn name(mocks: Mocks, actor: Actor, events: &[AuditEvent]) -> Result<Subjects, NameSubjectsError> {
        NameSubjects::new(&mocks.into_dependencies()).execute(&actor, &origin(), events).await
    }

    #[tokio::test]
    async fn whom_events_are_by_and_about_is_asked_for_once() {
        let mut mocks = Mocks::default();
        mocks.users.expect_find_many().times(1).returning(|ids| {
            assert_eq!(ids, [user_id(1), user_id(2)]);
            Ok(vec![user(2)])
        });
        mocks.teams.expect_find_many().times(1).returning(|ids| {
            assert_eq!(ids, [team(1).id]);
            Ok(vec![team(1)])
        });
        let events = [event().by(user_id(1)).about(user_id(2)).in_team(team(1).id), event().by(user_id(1))];
        let named = name(mocks, superuser(), &events).await.unwrap();
        assert_eq!(named, Subjects { users: vec![user(2)], teams: vec![team(1)] });
    }

    #[tokio::test]
    async fn events_of_nobody_ask_for_nothing() {
        assert_eq!(name(Mocks::default(), superuser(), &[event()]).await.unwrap(), Subjects::default());
    }

    #[tokio::test]
    async fn anybody_else_is_refused() {
        let refused = name(Mocks::default(), actor(), &[event().by(user_id(1))]).await.unwrap_err();
        assert_eq!(refused.code(), "superuser_required");
    }

    #[tokio::test]
    async fn an_outage_is_not_nobody() {
        let mut mocks = Mocks::default();
        mocks.users.expect_find_many().returning(|_| Err(outage()));
        let error = name(mocks, superuser(), &[event().by(user_id(1))]).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }
}
