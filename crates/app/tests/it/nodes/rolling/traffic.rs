//! All who use the service meanwhile.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;

use crate::nodes::rolling::balancer::Balancer;
use crate::nodes::rolling::compromise::Compromises;
use crate::nodes::rolling::visitor::Visitor;
use crate::support::TestServer;

const VISITORS: u64 = 6;

/// Visitors of these nodes, by way of a balancer.
pub(crate) struct Traffic {
    balancer: Arc<Balancer>,
    visiting: JoinSet<BTreeSet<String>>,
    is_over: Arc<AtomicBool>,
    _watching: JoinSet<()>,
}

impl Traffic {
    pub(crate) fn of(nodes: &[TestServer], seed: u64, compromises: &Arc<Compromises>) -> Self {
        let (balancer, is_over) = (Arc::new(Balancer::before(nodes)), Arc::<AtomicBool>::default());
        let mut visiting = JoinSet::new();
        for n in 0..VISITORS {
            let visitor = Visitor::new(n, seed, Arc::clone(&balancer), Arc::clone(compromises));
            visiting.spawn(visitor.visit(Arc::clone(&is_over)));
        }
        let watching = balancer.watch();
        Self { balancer, visiting, is_over, _watching: watching }
    }

    /// Lets them leave, unless one of them has noticed something; the ids of the keys that signed what they got.
    pub(crate) async fn end(self) -> (Arc<Balancer>, BTreeSet<String>) {
        self.is_over.store(true, Ordering::Relaxed);
        let kids = self.visiting.join_all().await.into_iter().flatten().collect();
        (self.balancer, kids)
    }
}
