//! Counting refused tokens: whoever guesses is stopped, whoever mistypes once is not.

use countersign_domain::audit::{AuditKind, Origin};
use time::OffsetDateTime;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::limits::{Limit, LimitExceeded, Limits, Subject};
use crate::trail::Trail;

/// The limit on refused tokens of a network, of whatever purpose.
#[derive(Clone)]
pub(crate) struct RefusedTokens {
    limits: Limits,
    trail: Trail,
}

impl RefusedTokens {
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self { limits: Limits::new(dependencies), trail: Trail::new(dependencies) }
    }

    /// Whether the network may try a token at all. Ask before looking one up.
    pub(crate) async fn check(&self, origin: &Origin, now: OffsetDateTime) -> Result<(), LimitExceeded> {
        self.limits.check(Limit::TokenFailures, Subject::Network(origin.ip), now).await
    }

    /// Counts and audits a refused token and gives `answer` back; of parallel guesses, those past the limit get
    /// the limit's answer instead. Outside of any unit of work.
    pub(crate) async fn refuse<E: From<LimitExceeded> + From<Fault>>(
        &self,
        purpose: &'static str,
        origin: &Origin,
        now: OffsetDateTime,
        answer: E,
    ) -> E {
        let counted = self.limits.acquire(Limit::TokenFailures, Subject::Network(origin.ip), now).await;
        if let Err(exceeded) = counted {
            return exceeded.into();
        }
        let event = self.trail.event(AuditKind::TokenRefused, origin, now).detail(purpose);
        match self.trail.record(event).await {
            Ok(()) => answer,
            Err(fault) => fault.into(),
        }
    }
}
