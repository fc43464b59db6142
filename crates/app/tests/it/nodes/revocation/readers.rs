//! Clients that show an old token to the other nodes all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::nodes::revocation::act::Watch;
use crate::support::TestServer;

const PER_NODE: usize = 2;
/// How often each has to be let in before anything is taken away, so that there is a copy to be served from.
const BEFORE: usize = 2;
/// How many more calls each makes once it is told to stop.
const AFTER: usize = 3;
const PATIENCE: Duration = Duration::from_secs(30);

/// A call that showed the token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Showing {
    pub(crate) begun: Instant,
    pub(crate) ended: Instant,
    pub(crate) status: u16,
}

/// Some for each node.
pub(crate) struct Readers {
    reading: JoinSet<Vec<Showing>>,
    is_over: Arc<AtomicBool>,
    let_in: Vec<Arc<AtomicUsize>>,
}

impl Readers {
    /// Begins; each pauses for so long between two calls.
    pub(crate) fn start(nodes: &[&TestServer], watch: &Watch, pause: Duration) -> Self {
        let mut readers = Self { reading: JoinSet::new(), is_over: Arc::default(), let_in: Vec::new() };
        for url in nodes.iter().flat_map(|node| vec![node.url(&watch.path); PER_NODE]) {
            let let_in = Arc::<AtomicUsize>::default();
            readers.let_in.push(Arc::clone(&let_in));
            let reading = read(url, watch.token.clone(), pause, let_in, Arc::clone(&readers.is_over));
            readers.reading.spawn(reading);
        }
        readers
    }

    /// Until every one of them has been let in some times.
    pub(crate) async fn are_let_in(&self) {
        let start = Instant::now();
        while self.let_in.iter().any(|times| times.load(Ordering::Relaxed) < BEFORE) {
            assert!(start.elapsed() < PATIENCE, "a token that was just given is not accepted");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Everything they were answered; what is asked after this moment included.
    pub(crate) async fn stop(self) -> Vec<Showing> {
        self.is_over.store(true, Ordering::Relaxed);
        self.reading.join_all().await.into_iter().flatten().collect()
    }
}

async fn read(
    url: String,
    token: String,
    pause: Duration,
    let_in: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
) -> Vec<Showing> {
    // A connection of its own that stays open: the next call begins as soon as the last one is answered.
    let client = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
    let (mut shown, mut after) = (Vec::new(), 0);
    while after < AFTER {
        after += usize::from(is_over.load(Ordering::Relaxed));
        let begun = Instant::now();
        let response = client.get(&url).bearer_auth(&token).send().await.unwrap();
        let status = response.status().as_u16();
        response.bytes().await.unwrap();
        shown.push(Showing { begun, ended: Instant::now(), status });
        let_in.fetch_add(usize::from(status == 200), Ordering::Relaxed);
        tokio::time::sleep(pause).await;
    }
    shown
}
