//! Writing the audit trail, and saying the same in the log.

use std::sync::Arc;

use countersign_domain::audit::{AuditEvent, AuditKind, Origin};
use countersign_domain::ids::{AuditEventId, UserId};
use countersign_domain::network::Network;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::completion::to_its_end;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::limits::count;
use crate::ports::audit_log::AuditLog;
use crate::ports::id_generator::IdGenerator;
use crate::ports::pseudonymizer::Pseudonymizer;
use crate::ports::rate_limiter::{Hit, LimitRule, LimitVerdict, RateLimiter};

/// Refusals of an account, or of a network where nobody is signed in, that are stored; beyond that the log has them.
const REFUSALS: LimitRule = LimitRule { name: "refusals_audited", max: 60, window: Duration::MINUTE };

/// Moves of a session, and calls of an account that end its other sessions, that are stored: both can be repeated without
/// end.
const REPEATS: LimitRule = LimitRule { name: "repeats_audited", max: 20, window: Duration::HOUR };

/// Makes audit events. A use case appends them in its unit of work, and announces them once that is committed.
#[derive(Clone)]
pub struct Trail {
    ids: Arc<dyn IdGenerator>,
    log: Arc<dyn AuditLog>,
    limiter: Arc<dyn RateLimiter>,
    pseudonymizer: Arc<dyn Pseudonymizer>,
}

impl Trail {
    /// With the audit log of these dependencies.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            ids: Arc::clone(&dependencies.ids),
            log: Arc::clone(&dependencies.audit),
            limiter: Arc::clone(&dependencies.rate_limiter),
            pseudonymizer: Arc::clone(&dependencies.pseudonymizer),
        }
    }

    /// A new event, to be told who did what to whom by the methods of [`AuditEvent`].
    pub fn event(&self, kind: AuditKind, origin: &Origin, now: OffsetDateTime) -> AuditEvent {
        AuditEvent::new(AuditEventId::new(self.ids.next_id()), kind, origin, now)
    }

    /// Says a committed event in the log: pseudonyms in place of ids, the network in place of the address.
    pub fn announce(&self, event: &AuditEvent) {
        let name = |id: Option<UserId>| id.map(|id| self.pseudonymizer.pseudonym(&id.to_string()));
        tracing::info!(
            target: "audit",
            event = event.kind.as_str(),
            actor = name(event.actor_id),
            user = name(event.user_id),
            team = event.team_id.map(tracing::field::display),
            network = event.network.map(tracing::field::display),
            detail = event.detail,
            request_id = event.request_id,
        );
    }

    /// Says in the log that a refresh token was exchanged. That is not stored: it happens to every session in use every
    /// few minutes and would bury what somebody looks for; the session's row knows the last time.
    pub fn announce_refresh(&self, user: UserId, origin: &Origin) {
        self.say_of_session("token_refreshed", user, origin);
    }

    /// Says in the log that a browser got the successor of a refresh token that was exchanged a while ago: its answer was
    /// lost, or it is a copy's from the same network and program.
    pub fn announce_late_refresh(&self, user: UserId, origin: &Origin) {
        self.say_of_session("token_given_again", user, origin);
    }

    fn say_of_session(&self, event: &'static str, user: UserId, origin: &Origin) {
        let pseudonym = self.pseudonymizer.pseudonym(&user.to_string());
        tracing::info!(
            target: "audit",
            event,
            actor = pseudonym,
            user = pseudonym,
            network = origin.ip.map(Network::logged).map(tracing::field::display),
            request_id = origin.request_id,
        );
    }

    /// Says a refusal in the log, and appends it unless there were many of this actor, or of this network where no
    /// actor is known, within the minute: nobody fills the trail by asking for what they may not have.
    pub async fn record_refusal(&self, event: AuditEvent) -> Result<(), Fault> {
        let subject = match (event.actor_id, event.network) {
            (Some(actor), _) => actor.to_string(),
            (None, Some(network)) => network.to_string(),
            (None, None) => "unknown".to_owned(),
        };
        let hit = Hit { id: event.id.as_uuid(), rule: REFUSALS, subject, at: event.at };
        match count(&self.limiter, &hit).await {
            LimitVerdict::Allowed => self.record(event).await,
            LimitVerdict::Refused { .. } => {
                self.announce(&event);
                Ok(())
            }
        }
    }

    /// Says what a limit refused in the log, and appends it if it is the `first` within the limit's window.
    pub(crate) async fn record_limited(&self, event: AuditEvent, first: bool) -> Result<(), Fault> {
        if first {
            return self.record(event).await;
        }
        self.announce(&event);
        Ok(())
    }

    /// Whether one more event of this kind about this subject, which the client can repeat without end, is to be
    /// appended; if not, the log alone has it. Asks the limiter: not within a unit of work.
    pub(crate) async fn stores_repeat(&self, event: &AuditEvent, subject: Uuid) -> bool {
        let subject = format!("{} {subject}", event.kind.as_str());
        let hit = Hit { id: event.id.as_uuid(), rule: REPEATS, subject, at: event.at };
        count(&self.limiter, &hit).await == LimitVerdict::Allowed
    }

    /// Appends an event that stands alone and says it in the log: both, also when the client has left meanwhile.
    pub async fn record(&self, event: AuditEvent) -> Result<(), Fault> {
        let trail = self.clone();
        to_its_end(async move {
            trail.log.append(&event).await?;
            trail.announce(&event);
            Ok(())
        })
        .await
    }
}

#[cfg(test)]
mod tests;
