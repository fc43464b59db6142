//! A client of three nodes: where one does not answer, it turns to another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::faults::ledger::Chance;
use crate::nodes::counts::Counts;
use crate::nodes::request::Request;
use crate::support::{Answer, Confidences, TestServer, Tokens, assert_problem};

/// Whoever waits longer is hung.
const PATIENCE: Duration = Duration::from_secs(15);
const NOBODY: usize = usize::MAX;

/// The nodes as clients know them: addresses, of which at most one does not serve.
pub(crate) struct Cluster {
    urls: Vec<String>,
    confidences: Confidences,
    down: AtomicUsize,
    counts: Counts,
}

impl Cluster {
    pub(crate) fn of(nodes: &[TestServer]) -> Self {
        Self {
            urls: nodes.iter().map(|node| node.url("")).collect(),
            confidences: nodes[0].confidences().clone(),
            down: AtomicUsize::new(NOBODY),
            counts: Counts::default(),
        }
    }

    /// This one is about to be killed.
    pub(crate) fn goes_down(&self, node: usize) {
        self.down.store(node, Ordering::SeqCst);
    }

    /// All of them serve again.
    pub(crate) fn is_up(&self) {
        self.down.store(NOBODY, Ordering::SeqCst);
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }
}

/// What became of a request at one node.
#[derive(Debug)]
pub(crate) enum Attempt {
    Answered(Answer),
    /// Nobody listened: it was not done.
    TurnedAway,
    /// Done, or not.
    Unknown,
}

impl Attempt {
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Answered(answer) => Some(answer.status),
            Self::TurnedAway | Self::Unknown => None,
        }
    }
}

/// An answer, and whether what it answers may have been done more than once.
pub(crate) struct Asked {
    pub(crate) answer: Answer,
    pub(crate) is_repeated: bool,
}

pub(crate) struct Client {
    cluster: Arc<Cluster>,
    http: reqwest::Client,
    chance: Chance,
}

impl Clone for Client {
    fn clone(&self) -> Self {
        Self { cluster: Arc::clone(&self.cluster), http: self.http.clone(), chance: Chance(self.chance.0) }
    }
}

impl Client {
    pub(crate) fn new(cluster: Arc<Cluster>, seed: u64) -> Self {
        let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        Self { cluster, http, chance: Chance(seed) }
    }

    /// Any of the nodes.
    fn any(&mut self) -> usize {
        usize::try_from(self.chance.below(3)).unwrap()
    }

    async fn attempt(&self, node: usize, request: &Request) -> Attempt {
        let counts = &self.cluster.counts;
        let call = request.to(&self.http, &self.cluster.urls[node], &self.cluster.confidences);
        match call.try_send().await {
            Ok(answer) if answer.status == 503 => {
                assert_problem(&answer, 503, "service_unavailable");
                counts.add("answers 503");
                Attempt::Unknown
            }
            Ok(answer) => {
                assert!(answer.status < 500, "{request:?}: {answer:?}");
                counts.add("answers");
                Attempt::Answered(answer)
            }
            Err(error) => {
                assert!(!error.is_timeout(), "hung: {request:?}");
                let down = self.cluster.down.load(Ordering::SeqCst);
                assert_eq!(down, node, "a node that lives has not answered: {error:?}");
                counts.add(if error.is_connect() { "turned to another node" } else { "answers that never came" });
                if error.is_connect() { Attempt::TurnedAway } else { Attempt::Unknown }
            }
        }
    }

    /// Asks until somebody answers. `done_before` is what a repetition may be answered where the answer of the first was
    /// lost, and the first was done.
    pub(crate) async fn ask(&mut self, request: &Request, done: &[u16], done_before: &[u16]) -> Asked {
        let (start, mut node, mut is_repeated) = (Instant::now(), self.any(), false);
        loop {
            match self.attempt(node, request).await {
                Attempt::Answered(answer) => {
                    let is_right = done.contains(&answer.status) || is_repeated && done_before.contains(&answer.status);
                    assert!(is_right, "{request:?}: {answer:?}, repeated: {is_repeated}");
                    self.cluster.counts.waited(start.elapsed());
                    return Asked { answer, is_repeated };
                }
                Attempt::TurnedAway => {}
                Attempt::Unknown => is_repeated = true,
            }
            assert!(start.elapsed() < PATIENCE, "nobody answers {request:?}");
            node = (node + 1) % 3;
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Asks two nodes at once, each once.
    pub(crate) async fn ask_two(&mut self, one: &Request, other: &Request) -> [Attempt; 2] {
        let node = self.any();
        let (one, other) = tokio::join!(self.attempt(node, one), self.attempt((node + 1) % 3, other));
        [one, other]
    }

    /// What this token is answered by every node that answers.
    pub(crate) async fn assert_everywhere(&self, tokens: &Tokens, path: &str, status: u16) {
        let request = Request::get(path).by(tokens);
        for node in 0..3 {
            if let Attempt::Answered(answer) = self.attempt(node, &request).await {
                assert_eq!(answer.status, status, "GET {path} on node {node}: {answer:?}");
                self.cluster.counts.add("answers to tokens and roles that were taken away, all of them refusals");
            }
        }
    }
}
