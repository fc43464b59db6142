//! The door to everything under `/admin`.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::clock::Clock;
use crate::trail::Trail;

/// Why the actor may not.
#[derive(Debug, thiserror::Error)]
pub enum SuperuserError {
    /// It takes a superuser.
    #[error("this takes a superuser")]
    SuperuserRequired,
    /// The refusal could not be audited.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { SuperuserError {
    SuperuserRequired => Forbidden "superuser_required",
} via { Internal } }

/// Lets superusers pass, and audits whom it does not.
#[derive(Clone)]
pub struct SuperuserGuard {
    clock: Arc<dyn Clock>,
    trail: Trail,
}

impl SuperuserGuard {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self { clock: Arc::clone(&dependencies.clock), trail: Trail::new(dependencies) }
    }

    /// The actor was loaded with this request, so a dismissal counts at once.
    pub async fn require(&self, actor: &Actor, origin: &Origin) -> Result<(), SuperuserError> {
        if actor.user.is_superuser {
            return Ok(());
        }
        let event = self.trail.event(AuditKind::AccessDenied, origin, self.clock.now());
        self.trail.record(event.by(actor.id()).detail("superuser_required")).await?;
        Err(SuperuserError::SuperuserRequired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Classify;
    use crate::testing::{Mocks, actor, origin, superuser};

    #[tokio::test]
    async fn a_superuser_passes() {
        let mocks = Mocks::default();
        let recorded = mocks.recorded.clone();
        SuperuserGuard::new(&mocks.into_dependencies()).require(&superuser(), &origin()).await.unwrap();
        assert_eq!(recorded.audited(), []);
    }

    #[tokio::test]
    async fn anybody_else_is_turned_away_and_audited() {
        let mocks = Mocks::default();
        let recorded = mocks.recorded.clone();
        let refused = SuperuserGuard::new(&mocks.into_dependencies()).require(&actor(), &origin()).await;
        assert_eq!(refused.unwrap_err().code(), "superuser_required");
        let event = recorded.events().remove(0);
        assert_eq!((event.kind, event.actor_id), (AuditKind::AccessDenied, Some(actor().id())));
        assert_eq!(event.detail.as_deref(), Some("superuser_required"));
    }
}
