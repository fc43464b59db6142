//! Whether the service is going down: readiness fails first, so that load balancers turn away before the listener does.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::dependency_probe::DependencyProbe;

/// Not ready once it is told so.
#[derive(Debug, Default)]
pub(crate) struct Lifecycle {
    stopping: AtomicBool,
}

impl Lifecycle {
    /// From now on the service is not ready.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl DependencyProbe for Lifecycle {
    fn name(&self) -> &'static str {
        "lifecycle"
    }

    async fn check(&self) -> Result<(), Fault> {
        if self.stopping.load(Ordering::SeqCst) {
            Err(Fault::unavailable("service", "it is shutting down"))
        } else {
            Ok(())
        }
    }
}
