//! What one node has taken away, no other gives: whoever begins to ask once the answer is there is refused. On the
//! production profile only.

mod act;
mod bad_line;
mod company;
mod cut_off_node;
mod demoted;
mod failover;
mod hung_master;
mod ledger;
mod readers;
mod redis_faults;
mod sessions_that_end;
mod stalled_nodes;
mod troupe;

use std::time::{Duration, Instant};

use crate::faults::ledger::{Chance, say};
use crate::nodes::revocation::act::Act;
use crate::nodes::revocation::company::{Company, Scene};
use crate::nodes::revocation::ledger::Ledger;
use crate::support::{Schema, Setup, number};

/// How long an entry lives, and an answer waits where an invalidation was not confirmed.
const LIFETIME: Duration = Duration::from_secs(5);
const TROUPES: u64 = 4;
/// That an account may have: more than the other acts leave behind them.
const SESSIONS: u64 = 10;
/// Between two calls of a reader: other tests run beside this one.
const PAUSE: Duration = Duration::from_millis(2);

fn setup() -> Setup {
    Setup::default()
        .set("TOKENS__ISSUER", "http://localhost")
        .set("TOKENS__ACCESS_TTL", "24h")
        .set("SESSIONS__PER_USER", &SESSIONS.to_string())
        .set("SERVER__WORKERS", "1")
        // A line for each of many thousand calls would cost more than the calls.
        .set("LOG__LEVEL", "warn")
}

fn seed() -> u64 {
    let seed = number("FAULT_SEED").unwrap_or(u64::from(std::process::id()));
    say(&format!("FAULT_SEED={seed}"));
    seed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_other_node_takes_an_old_token_or_role_once_the_answer_is_there() {
    let rounds = number("REVOCATION_ROUNDS").unwrap_or(260);
    say(&format!("REVOCATION_ROUNDS={rounds}"));
    let seed = seed();
    let Some(nodes) = setup().start_nodes(3, Schema::Migrated).await else { return };
    let company = Company::meet(nodes, TROUPES).await;
    let start = Instant::now();
    let (company, done) = company
        .each_troupe(move |n, nodes, mut troupe| async move {
            let mut chance = Chance(seed.wrapping_add(n));
            let mut done = Vec::new();
            let kinds = Act::ALL.len() as u64;
            for round in 0..rounds / TROUPES {
                // Each troupe does every kind, and each at another time.
                let act = Act::ALL[usize::try_from((round + n * kinds / TROUPES) % kinds).unwrap()];
                let scene = Scene::of(act, &mut chance).prepared(&nodes, &mut troupe, PAUSE).await;
                done.push(scene.perform(&nodes, &troupe).await);
            }
            (troupe, done)
        })
        .await;
    let mut ledger = Ledger::default();
    ledger.extend(done.into_iter().flatten());
    ledger.judge("three nodes");
    say(&format!("  in {:?}", start.elapsed()));
    // A machine that stalls for longer than Redis may take costs one of them its confirmation now and then.
    assert!(ledger.waited() * 20 <= ledger.latencies().len(), "invalidations are not confirmed");
    company.assert_refused(ledger.dead()).await;
}
