//! Sign-ins and everything else, at once: what the one leaves the other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::client::Connection;
use crate::measure::{median, pairs, spread};
use crate::server::{Account, Bare, Service};
use crate::{PASSWORD, row, wrk};

/// People who sign in at the same time, each again once it is done.
const STORM: usize = 64;
/// Of them, when the rate is counted: as many as keep every core busy.
const FEW: usize = 8;
/// Calls a second, evenly.
const PACE: Duration = Duration::from_millis(20);
const CALLS: u32 = 400;
const COUNTED_FOR: Duration = Duration::from_secs(8);

/// Connections that sign in one time after the other until it is dropped.
struct Storm {
    over: Arc<AtomicBool>,
    answered: Arc<AtomicU32>,
    threads: Vec<JoinHandle<()>>,
}

impl Storm {
    fn begin(service: &Service, body: &str, connections: usize) -> anyhow::Result<Self> {
        let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let mut threads = Vec::new();
        for _ in 0..connections {
            let mut connection = Connection::to(service.address())?;
            let (over, answered, body) = (Arc::clone(&over), Arc::clone(&answered), body.to_owned());
            threads.push(spawn(move || {
                while !over.load(Ordering::Relaxed) && connection.call("POST", "/auth/login", None, Some(&body)).is_ok()
                {
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            }));
        }
        // All of them are waiting then.
        sleep(Duration::from_secs(1));
        Ok(Self { over, answered, threads })
    }

    /// Answers a second, from now on for a while.
    fn rate(&self) -> f64 {
        let (before, start) = (self.answered.load(Ordering::Relaxed), Instant::now());
        sleep(COUNTED_FOR);
        f64::from(self.answered.load(Ordering::Relaxed) - before) / start.elapsed().as_secs_f64()
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

/// The latency that one of a hundred calls exceeds, in milliseconds, each counted from when it was due.
fn p99(address: SocketAddr, token: &str) -> anyhow::Result<f64> {
    let mut connection = Connection::to(address)?;
    let mut latencies = Vec::new();
    let start = Instant::now();
    for n in 0..CALLS {
        let due = start + PACE * n;
        sleep(due.saturating_duration_since(Instant::now()));
        connection.call("GET", "/auth/me", Some(token), None)?;
        latencies.push(due.elapsed().as_secs_f64() * 1e3);
    }
    latencies.sort_by(f64::total_cmp);
    latencies.get(latencies.len() * 99 / 100).copied().context("no calls")
}

/// Under a storm of sign-ins, and the other way round.
pub(crate) fn storm(service: &Service, bare: &Bare, account: &Account, rounds: usize) -> anyhow::Result<()> {
    let token = &account.access_token;
    let me = || wrk::get(&service.url("/auth/me"), token);
    let calm = me()?;
    // Of another account: each new session ends the oldest of those that an account has too many of.
    let body = service.register("storm@example.com", PASSWORD)?;
    let storm = Storm::begin(service, &body, STORM)?;
    let late = pairs(rounds, || p99(service.address(), token), || p99(bare.address(), token))?;
    let ratio = median(&late.ratios);
    let value =
        format_args!("{ratio:.2} ({}); {:.1} ms and {:.1} ms", spread(&late.ratios), median(&late.a), median(&late.b));
    row("p99 of GET /auth/me at 50 a second under 64 sign-ins, over bare", value, "at most 2.00", ratio <= 2.0);
    let stormy = me()? / calm;
    drop(storm);
    row(
        "rate of GET /auth/me under 64 sign-ins",
        format_args!("{stormy:.2} of without"),
        "at least 0.50",
        stormy >= 0.5,
    );
    let few = Storm::begin(service, &body, FEW)?;
    let capacity = few.rate();
    let over = AtomicBool::new(false);
    let flooded = std::thread::scope(|scope| {
        let flood = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                me()?;
            }
            anyhow::Ok(())
        });
        sleep(Duration::from_secs(1));
        let rate = few.rate();
        over.store(true, Ordering::Relaxed);
        flood.join().map_err(|_panic| anyhow::anyhow!("the flood panicked"))?.map(|()| rate)
    })?;
    let left = flooded / capacity;
    let value = format_args!("{left:.2} of without; {flooded:.2} and {capacity:.2} a second");
    row("sign-ins under a flood of GET /auth/me", value, "at least 0.33", left >= 0.33);
    Ok(())
}
