//! Whether lists come from the replica.

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::dependency_probe::DependencyProbe;

use crate::persistence::replica::Replica;

/// Tells what is known of the replica, and asks it nothing.
pub struct ReplicaProbe {
    replica: Replica,
}

impl ReplicaProbe {
    pub(crate) const fn new(replica: Replica) -> Self {
        Self { replica }
    }
}

#[async_trait]
impl DependencyProbe for ReplicaProbe {
    fn name(&self) -> &'static str {
        "replica"
    }

    /// Without it the primary does its work.
    fn is_required(&self) -> bool {
        false
    }

    async fn check(&self) -> Result<(), Fault> {
        if self.replica.is_used() { Ok(()) } else { Err(Fault::unavailable("replica", "it cannot be used")) }
    }
}
