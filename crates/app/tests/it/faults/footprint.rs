//! What a process holds: when a fault is over it is to be what it was before, but for what is kept for later use.

use std::time::{Duration, Instant};

use crate::faults::ledger::say;
use crate::metrics::scrape;
use crate::support::TestServer;

/// Connections of the pool and of Redis, and those of clients that go on. What is lost with each call that fails is more.
const DESCRIPTORS: u64 = 16;
/// Those that wait for more work that blocks.
const THREADS: u64 = 6;
/// What is allocated once and kept: statements, templates, room that the allocator does not give back.
const MEMORY: u64 = 16 * 1_024 * 1_024;
/// For requests that wait, meanwhile.
const PEAK: u64 = 64 * 1_024 * 1_024;
/// A thread without work ends after ten seconds, and so does the connection of a client that has left.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Footprint {
    descriptors: u64,
    threads: u64,
    memory: u64,
}

impl Footprint {
    pub(crate) async fn of(server: &TestServer) -> Self {
        let told = scrape(server).await;
        Self {
            descriptors: told.count("process_open_fds", &[]),
            threads: told.count("process_threads", &[]),
            memory: told.count("process_resident_memory_bytes", &[]),
        }
    }

    /// Fails if it takes much more memory than it did before.
    pub(crate) fn assert_bounds(self, now: Self) {
        assert!(now.memory <= self.memory + PEAK, "it takes too much: {self:?}, now {now:?}");
    }

    /// Fails if the process keeps more than it did before.
    pub(crate) async fn assert_returned(self, server: &TestServer) {
        let start = Instant::now();
        let now = loop {
            let now = Self::of(server).await;
            if now.is_as_small_as(self) {
                break now;
            }
            assert!(start.elapsed() < PATIENCE, "it keeps what it took: {self:?}, then {now:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        say(&format!("before and after: {} and {}", self.told(), now.told()));
    }

    fn is_as_small_as(self, before: Self) -> bool {
        self.descriptors <= before.descriptors + DESCRIPTORS
            && self.threads <= before.threads + THREADS
            && self.memory <= before.memory + MEMORY
    }

    fn told(self) -> String {
        format!("{} descriptors, {} threads, {} MiB", self.descriptors, self.threads, self.memory / 1_024 / 1_024)
    }
}
