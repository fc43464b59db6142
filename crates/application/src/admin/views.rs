//! What superusers look at is audited too (ASVS 16.3.2): they see everybody's data.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::ids::{TeamId, UserId};

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::ports::clock::Clock;
use crate::trail::Trail;

/// Records looks; whoever cannot be recorded sees nothing.
#[derive(Clone)]
pub(crate) struct AdminViews {
    clock: Arc<dyn Clock>,
    trail: Trail,
}

impl AdminViews {
    /// Takes the ports it calls.
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self { clock: Arc::clone(&dependencies.clock), trail: Trail::new(dependencies) }
    }

    /// The actor looked at this list, or at this account; also where it asked for a change that was none.
    pub(crate) async fn record(
        &self,
        actor: &Actor,
        origin: &Origin,
        what: &'static str,
        about: Option<UserId>,
    ) -> Result<(), Fault> {
        let mut event = self.trail.event(AuditKind::AdminViewed, origin, self.clock.now()).by(actor.id());
        event.user_id = about;
        self.trail.record(event.detail(what)).await
    }

    /// The actor looked at this of a team.
    pub(crate) async fn record_team(
        &self,
        actor: &Actor,
        origin: &Origin,
        what: &'static str,
        team: TeamId,
    ) -> Result<(), Fault> {
        let event = self.trail.event(AuditKind::AdminViewed, origin, self.clock.now()).by(actor.id());
        self.trail.record(event.in_team(team).detail(what)).await
    }
}
