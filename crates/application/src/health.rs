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
