//! Purges what is no longer needed, unused unverified accounts included.

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::ports::housekeeping::PurgeReport;

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum KeepHouseError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { KeepHouseError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct KeepHouse {}

impl KeepHouse {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Purges what is no longer needed, unused unverified accounts included.
    pub async fn execute(&self) -> Result<PurgeReport, KeepHouseError> {
        Err(Fault::internal("housekeeping", "not built yet").into())
    }
}
