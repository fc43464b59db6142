//! How long calls take that could do without what has failed.

use std::time::{Duration, Instant};

use crate::faults::ledger::say;
use crate::support::{Call, TestServer, Tokens};

/// Of each call.
const CALLS: usize = 50;
/// For a call that asks nobody, on a machine that has much else to do.
const ASKS_NOBODY: Duration = Duration::from_secs(1);

pub(crate) struct Pace {
    live: Vec<Duration>,
    me: Vec<Duration>,
}

impl Pace {
    /// Of this server now, with a token that it accepts.
    pub(crate) async fn of(server: &TestServer, tokens: &Tokens) -> Self {
        let mut pace = Self { live: Vec::with_capacity(CALLS), me: Vec::with_capacity(CALLS) };
        for _ in 0..CALLS {
            pace.live.push(time(server.get("/health/live")).await);
            pace.me.push(time(server.get("/auth/me").bearer(&tokens.access)).await);
        }
        pace
    }

    /// Says what they took. Fails if one in a hundred who asks who they are waits for longer than this.
    pub(crate) fn assert_within(mut self, bound: Duration, fault: &str) {
        for (path, taken, bound) in [("/health/live", &mut self.live, ASKS_NOBODY), ("/auth/me", &mut self.me, bound)] {
            taken.sort_unstable();
            let (median, late) = (taken[CALLS / 2], taken[CALLS * 99 / 100]);
            say(&format!("GET {path} {fault}: p50 {median:?}, p99 {late:?}"));
            assert!(late < bound, "GET {path} {fault} takes {late:?}");
        }
    }
}

async fn time(call: Call) -> Duration {
    let start = Instant::now();
    call.send().await.expect(200);
    start.elapsed()
}
