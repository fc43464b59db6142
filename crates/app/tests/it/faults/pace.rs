//! How long calls take that could do without what has failed.

use std::time::{Duration, Instant};

use crate::faults::ledger::say;
use crate::support::{Call, TestServer, Tokens};

/// Of each call, at least.
const CALLS: usize = 50;
/// For a call that asks nobody, on a machine that has much else to do.
const ASKS_NOBODY: Duration = Duration::from_secs(1);
/// So many calls in a row fail before none waits any more.
const FAILURES: usize = 5;

pub(crate) struct Pace {
    live: Vec<Duration>,
    me: Vec<Duration>,
}

impl Pace {
    /// Of this server now, with a token that it accepts.
    pub(crate) async fn of(server: &TestServer, tokens: &Tokens) -> Self {
        Self::over(Duration::ZERO, server, tokens).await
    }

    /// The same for so long.
    pub(crate) async fn over(time: Duration, server: &TestServer, tokens: &Tokens) -> Self {
        let (mut pace, start) = (Self { live: Vec::new(), me: Vec::new() }, Instant::now());
        while pace.me.len() < CALLS || start.elapsed() < time {
            pace.live.push(time_of(server.get("/health/live")).await);
            pace.me.push(time_of(server.get("/auth/me").bearer(&tokens.access)).await);
        }
        pace
    }

    /// Fails if more calls have waited for what answers nothing than it takes to give it up. So long a call takes that
    /// has waited for one answer; a machine that has much else to do lets others take as long.
    pub(crate) fn assert_few_waited(&self, answer: Duration, fault: &str) {
        let late = |taken: &[Duration]| taken.iter().filter(|taken| **taken >= answer).count();
        let (waited, stalled, calls) = (late(&self.me), late(&self.live), self.me.len());
        say(&format!("GET /auth/me {fault}: {waited} of {calls} calls took {answer:?} or more, {stalled} of others"));
        assert!(waited <= FAILURES + 2 * stalled, "GET /auth/me {fault}: {waited} of {calls} have waited");
    }

    /// Says what they took. Fails if one in a hundred who asks who they are waits for longer than this.
    pub(crate) fn assert_within(mut self, bound: Duration, fault: &str) {
        for (path, taken, bound) in [("/health/live", &mut self.live, ASKS_NOBODY), ("/auth/me", &mut self.me, bound)] {
            taken.sort_unstable();
            let (median, late) = (taken[taken.len() / 2], taken[taken.len() * 99 / 100]);
            say(&format!("GET {path} {fault}: p50 {median:?}, p99 {late:?}"));
            assert!(late < bound, "GET {path} {fault} takes {late:?}");
        }
    }
}

async fn time_of(call: Call) -> Duration {
    let start = Instant::now();
    call.send().await.expect(200);
    start.elapsed()
}
