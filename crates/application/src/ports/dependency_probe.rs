//! Whether what the service depends on is there.

use async_trait::async_trait;

use crate::error::Fault;

/// Asks one dependency for a sign of life.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait DependencyProbe: Send + Sync {
    /// Name in the readiness report, such as `database`.
    fn name(&self) -> &'static str;

    /// Whether the service cannot do its work without it.
    fn is_required(&self) -> bool {
        true
    }

    /// A cheap call with a bound of about a second. The fault goes to the log, not into the report.
    async fn check(&self) -> Result<(), Fault>;
}
