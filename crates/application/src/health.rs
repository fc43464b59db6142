//! Whether the service can do its work.

use std::sync::Arc;

use crate::dependencies::Dependencies;
use crate::ports::dependency_probe::DependencyProbe;

/// One dependency and how it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DependencyState {
    /// Its name.
    pub name: &'static str,
    /// How it is.
    pub condition: Condition,
}

/// How a dependency is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It answers.
    Ready,
    /// It does not, and the service does its work without it.
    Degraded,
    /// It does not, and the service cannot do its work.
    NotReady,
}

/// Asks every dependency.
#[derive(Clone)]
pub struct CheckReadiness {
    probes: Vec<Arc<dyn DependencyProbe>>,
}

impl CheckReadiness {
    /// Takes the probes.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self { probes: dependencies.probes.clone() }
    }

    /// One entry for each dependency, in a fixed order. Causes go to the log.
    pub async fn execute(&self) -> Vec<DependencyState> {
        let mut states = Vec::with_capacity(self.probes.len());
        for probe in &self.probes {
            let condition = match probe.check().await {
                Ok(()) => Condition::Ready,
                // Its adapter has logged the outage, once.
                Err(_) if !probe.is_required() => Condition::Degraded,
                Err(fault) => {
                    tracing::warn!(dependency = probe.name(), error = &fault as &dyn std::error::Error, "not ready");
                    Condition::NotReady
                }
            };
            states.push(DependencyState { name: probe.name(), condition });
        }
        states
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;
    use crate::ports::dependency_probe::MockDependencyProbe;
    use crate::testing::Mocks;

    fn probe(name: &'static str, is_required: bool, ready: bool) -> Arc<dyn DependencyProbe> {
        let mut probe = MockDependencyProbe::new();
        probe.expect_name().return_const(name);
        probe.expect_is_required().return_const(is_required);
        probe
            .expect_check()
            .returning(move || if ready { Ok(()) } else { Err(Fault::unavailable(name, "connection refused")) });
        Arc::new(probe)
    }

    #[tokio::test]
    async fn every_dependency_has_its_entry_in_order_whatever_the_others_say() {
        let probes = vec![
            probe("database", true, true),
            probe("clock", true, false),
            probe("cache", false, false),
            probe("mail", false, true),
        ];
        let mocks = Mocks { probes, ..Mocks::default() };
        let states = CheckReadiness::new(&mocks.into_dependencies()).execute().await;
        let states: Vec<_> = states.iter().map(|state| (state.name, state.condition)).collect();
        let [ready, degraded, not_ready] = [Condition::Ready, Condition::Degraded, Condition::NotReady];
        assert_eq!(states, [("database", ready), ("clock", not_ready), ("cache", degraded), ("mail", ready)]);
    }
}
