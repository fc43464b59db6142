//! Whether the service can do its work.

use std::sync::Arc;

use crate::dependencies::Dependencies;
use crate::ports::dependency_probe::DependencyProbe;

/// One dependency and whether it answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DependencyState {
    /// Its name.
    pub name: &'static str,
    /// Whether it answered.
    pub ready: bool,
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
            let answer = probe.check().await;
            if let Err(fault) = &answer {
                tracing::warn!(dependency = probe.name(), error = fault as &dyn std::error::Error, "not ready");
            }
            states.push(DependencyState { name: probe.name(), ready: answer.is_ok() });
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

    fn probe(name: &'static str, ready: bool) -> Arc<dyn DependencyProbe> {
        let mut probe = MockDependencyProbe::new();
        probe.expect_name().return_const(name);
        probe
            .expect_check()
            .returning(move || if ready { Ok(()) } else { Err(Fault::unavailable(name, "connection refused")) });
        Arc::new(probe)
    }

    #[tokio::test]
    async fn every_dependency_has_its_entry_in_order_whatever_the_others_say() {
        let probes = vec![probe("database", true), probe("cache", false), probe("mail", true)];
        let mocks = Mocks { probes, ..Mocks::default() };
        let states = CheckReadiness::new(&mocks.into_dependencies()).execute().await;
        let states: Vec<_> = states.iter().map(|state| (state.name, state.ready)).collect();
        assert_eq!(states, [("database", true), ("cache", false), ("mail", true)]);
    }
}
