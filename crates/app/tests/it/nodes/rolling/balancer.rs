//! A load balancer: in turn to whichever nodes say that they are ready; a refused connection is tried elsewhere, and
//! nothing else is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::faults::ledger::say;
use crate::nodes::counts::Counts;
use crate::nodes::request::Request;
use crate::support::{Answer, Confidences, TestServer};

/// Between two looks at the readiness of a node.
const INTERVAL: Duration = Duration::from_millis(20);
/// Whoever waits longer is hung.
const PATIENCE: Duration = Duration::from_secs(15);

struct Upstream {
    url: String,
    is_ready: AtomicBool,
}

pub(crate) struct Balancer {
    upstreams: Vec<Upstream>,
    next: AtomicUsize,
    http: reqwest::Client,
    confidences: Confidences,
    counts: Counts,
}

impl Balancer {
    /// Before these nodes, which serve.
    pub(crate) fn before(nodes: &[TestServer]) -> Self {
        let upstreams = nodes.iter().map(|node| Upstream { url: node.url(""), is_ready: AtomicBool::new(true) });
        Self {
            upstreams: upstreams.collect(),
            next: AtomicUsize::new(0),
            // Connections are kept open, as proxies do.
            http: reqwest::Client::builder().timeout(PATIENCE).build().unwrap(),
            confidences: nodes[0].confidences().clone(),
            counts: Counts::default(),
        }
    }

    /// Asks every node for its readiness, all the time, until what this returns is dropped.
    pub(crate) fn watch(self: &Arc<Self>) -> JoinSet<()> {
        let mut watching = JoinSet::new();
        for n in 0..self.upstreams.len() {
            let balancer = Arc::clone(self);
            watching.spawn(async move {
                let Upstream { url, is_ready } = &balancer.upstreams[n];
                loop {
                    let answer = balancer.http.get(format!("{url}/health/ready")).send().await;
                    let says_so = answer.is_ok_and(|answer| answer.status().as_u16() == 200);
                    if is_ready.swap(says_so, Ordering::SeqCst) && !says_so {
                        balancer.counts.add("times that a node was turned away from");
                    }
                    sleep(INTERVAL).await;
                }
            });
        }
        watching
    }

    fn pick(&self) -> &Upstream {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let mut in_turn = (0..self.upstreams.len()).map(|n| &self.upstreams[(first + n) % self.upstreams.len()]);
        let ready = in_turn.find(|upstream| upstream.is_ready.load(Ordering::SeqCst));
        ready.unwrap_or_else(|| panic!("no node is ready"))
    }

    /// The answer of one of them.
    pub(crate) async fn send(&self, request: &Request) -> Answer {
        let start = Instant::now();
        loop {
            let upstream = self.pick();
            match request.to(&self.http, &upstream.url, &self.confidences).try_send().await {
                Ok(answer) => {
                    assert!(answer.status < 500, "{request:?}: {answer:?}");
                    self.counts.add("answers");
                    self.counts.waited(start.elapsed());
                    return answer;
                }
                Err(error) if error.is_connect() => {
                    upstream.is_ready.store(false, Ordering::SeqCst);
                    self.counts.add("refused connections, tried elsewhere");
                }
                Err(error) => panic!("a request under way was cut off: {request:?}: {error:?}"),
            }
        }
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    pub(crate) fn report(&self) {
        self.counts.report();
        say("  0 answers 5xx, 0 requests cut off, 0 good tokens refused, 0 refused ones accepted");
    }
}
