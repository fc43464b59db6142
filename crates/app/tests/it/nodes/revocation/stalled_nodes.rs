//! Nodes that stop while they are reading, and go on when what they have read is no longer so.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::faults::ledger::{Chance, say};
use crate::nodes::revocation::act::Act;
use crate::nodes::revocation::company::{Company, Scene};
use crate::nodes::revocation::ledger::Ledger;
use crate::nodes::revocation::{seed, setup};
use crate::support::{Redis, Schema, TestServer, number};

/// A stalled node may hold what the act waits for.
const LONGEST_STALL: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stalls_between_reading_and_copying_brings_nothing_back() {
    let Some(redis) = Redis::start() else { return };
    let rounds = number("STALL_ROUNDS").unwrap_or(40);
    say(&format!("STALL_ROUNDS={rounds}"));
    let mut chance = Chance(seed());
    let setup = setup().variable("REDIS_URL", &redis.url()).set("REDIS__TIMEOUT", "5s");
    let Some(nodes) = setup.start_nodes(3, Schema::Migrated).await else { return };
    let mut company = Company::meet(nodes, 1).await;
    let (nodes, troupe) = (&company.nodes, &mut company.troupes[0]);
    let mut ledger = Ledger::default();
    for round in 0..rounds {
        let act = Act::ALL[usize::try_from(round).unwrap() % Act::ALL.len()];
        let prepared = Scene::of(act, &mut chance).prepared(nodes, troupe, Duration::ZERO).await;
        let others = prepared.others(nodes);
        // Without copies, they have to read.
        redis.ask(&["FLUSHALL"]);
        sleep(Duration::from_micros(chance.below(5_000))).await;
        signal(&others, "STOP");
        let mut acting = tokio::spawn(prepared.answered());
        let in_time = timeout(LONGEST_STALL, &mut acting).await;
        signal(&others, "CONT");
        let answered = match in_time {
            Ok(answered) => answered,
            Err(_) => acting.await,
        };
        ledger.extend([answered.unwrap().watched(nodes, troupe).await]);
    }
    ledger.judge("stalled nodes");
    company.assert_refused(ledger.dead()).await;
}

fn signal(nodes: &[&TestServer], name: &str) {
    for node in nodes {
        node.signal(name);
    }
}
