//! Sends what waits in the outbox: one batch under a lease.

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// What came of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryReport {
    /// Taken by the mail server or the mailbox.
    pub sent: u32,
    /// To be tried again.
    pub retried: u32,
    /// Given up.
    pub dead: u32,
    /// Written for the cost only, and removed.
    pub decoys: u32,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum DeliverOutboxError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { DeliverOutboxError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct DeliverOutbox {}

impl DeliverOutbox {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Sends what waits in the outbox: one batch under a lease.
    pub async fn execute(&self) -> Result<DeliveryReport, DeliverOutboxError> {
        Err(Fault::internal("deliver_outbox", "not built yet").into())
    }
}
