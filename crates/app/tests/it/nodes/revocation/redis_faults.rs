//! The same while Redis is away at the start, hung, stopped, emptied or halting, at any moment of an act.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Barrier;
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::faults::HEALING;
use crate::faults::ledger::{Chance, say};
use crate::nodes::revocation::act::Act;
use crate::nodes::revocation::company::{Company, Scene};
use crate::nodes::revocation::ledger::Ledger;
use crate::nodes::revocation::{LIFETIME, seed, setup};
use crate::support::{Redis, Schema, TestServer, number};

/// One for each act.
const TROUPES: u64 = Act::ALL.len() as u64;
/// More than a busy machine adds to the time that an answer waits.
const SLACK: Duration = Duration::from_secs(10);
/// How long an answer of Redis may take, in seconds. One that hangs for less is only slow, and nobody waits.
const TIMEOUT: u64 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// It was away when the nodes started, and comes.
    Away,
    Hung,
    Stopped,
    Emptied,
    /// It stops and goes on, many times a second, and has lost everything each time: copies are made all the time, and
    /// what was sent before comes after.
    Halting,
    None,
}

/// The order of one round.
const ROUND: [Fault; 7] =
    [Fault::Away, Fault::Hung, Fault::Stopped, Fault::Emptied, Fault::Halting, Fault::Halting, Fault::None];

impl Fault {
    /// Begins, goes on for some time, and is over.
    async fn run_its_course(self, redis: &mut Redis, chance: &mut Chance, is_over: impl Fn() -> bool) {
        let time = Duration::from_millis(300 + chance.below(4_000));
        match self {
            Self::Away => {
                sleep(time).await;
                block_in_place(|| redis.run());
            }
            Self::Hung => {
                redis.signal("STOP");
                sleep(Duration::from_secs(TIMEOUT) + time).await;
                redis.signal("CONT");
            }
            Self::Stopped => {
                redis.kill();
                sleep(time).await;
                block_in_place(|| redis.run());
            }
            Self::Emptied => {
                while !is_over() {
                    block_in_place(|| redis.ask(&["FLUSHALL"]));
                    sleep(Duration::from_millis(chance.below(5))).await;
                }
            }
            Self::Halting => {
                while !is_over() {
                    redis.signal("STOP");
                    sleep(Duration::from_millis(5 + chance.below(30))).await;
                    redis.signal("CONT");
                    block_in_place(|| redis.ask(&["FLUSHALL"]));
                    sleep(Duration::from_millis(chance.below(10))).await;
                }
            }
            Self::None => {}
        }
    }

    /// Whether there are answers that have to wait.
    fn is_outage(self) -> bool {
        matches!(self, Self::Away | Self::Hung | Self::Stopped)
    }

    /// Between two calls of a reader.
    fn pause(self) -> Duration {
        // There are many of them, and an outage takes seconds.
        Duration::from_millis(if self.is_outage() { 20 } else { 0 })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_redis_brings_an_old_token_or_role_back() {
    let Some(mut redis) = Redis::start() else { return };
    let rounds = number("REDIS_FAULT_ROUNDS").unwrap_or(1);
    say(&format!("REDIS_FAULT_ROUNDS={rounds}"));
    let mut chance = Chance(seed());
    let setup = setup().variable("REDIS_URL", &redis.url()).set("REDIS__TIMEOUT", &format!("{TIMEOUT}s"));
    let Some(nodes) = setup.start_nodes(3, Schema::Migrated).await else { return };
    let mut company = Company::meet(nodes, TROUPES).await;
    for round in 0..rounds {
        for (nth, fault) in (round..).zip(ROUND) {
            if fault == Fault::Away {
                redis.kill();
                company = started_anew(company).await;
            } else {
                heal(&company.nodes).await;
            }
            company = play(company, &mut redis, fault, nth, &mut chance).await;
        }
    }
}

/// Every troupe does an act, and meanwhile the fault begins and ends.
async fn play(company: Company, redis: &mut Redis, fault: Fault, nth: u64, chance: &mut Chance) -> Company {
    let curtain = Arc::new(Barrier::new(company.troupes.len() + 1));
    let (seed, raised) = (chance.below(u64::MAX >> 33), Arc::clone(&curtain));
    let acting = tokio::spawn(company.each_troupe(move |n, nodes, mut troupe| {
        let (curtain, mut chance) = (Arc::clone(&raised), Chance(seed.wrapping_add(n)));
        let act = Act::ALL[usize::try_from(n + nth).unwrap() % Act::ALL.len()];
        async move {
            let prepared = Scene::of(act, &mut chance).prepared(&nodes, &mut troupe, fault.pause()).await;
            curtain.wait().await;
            let done = prepared.perform(&nodes, &troupe).await;
            (troupe, done)
        }
    }));
    curtain.wait().await;
    // Before, while or after the first of them are under way.
    sleep(Duration::from_millis(chance.below(30))).await;
    fault.run_its_course(redis, chance, || acting.is_finished()).await;
    let (company, done) = acting.await.unwrap();
    let mut ledger = Ledger::default();
    ledger.extend(done);
    ledger.judge(&format!("Redis {fault:?}"));
    let took = ledger.latencies();
    let as_told = if fault.is_outage() { ledger.waited() > 0 } else { ledger.waited() * 2 < took.len() };
    assert!(as_told, "{fault:?}: {took:?}");
    assert!(took.iter().all(|took| *took < LIFETIME + SLACK), "{fault:?}: {took:?}");
    company.assert_refused(ledger.dead()).await;
    company
}

/// Every node uses Redis again, by itself.
async fn heal(nodes: &[TestServer]) {
    let (start, mut waiting) = (Instant::now(), nodes.iter().collect::<Vec<_>>());
    while let Some(node) = waiting.pop() {
        if !node.get("/health/ready").send().await.expect(200).text.contains(r#""redis","status":"ready""#) {
            assert!(start.elapsed() < HEALING, "Redis answers, and a node does not ask it");
            // All of them are asked meanwhile.
            waiting.insert(0, node);
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The nodes end and start again.
async fn started_anew(company: Company) -> Company {
    let Company { nodes, troupes } = company;
    let nodes = Arc::into_inner(nodes).unwrap();
    let mut restarted = Vec::new();
    for mut node in nodes {
        assert!(node.terminate().await.success());
        restarted.push(node.restart().await);
    }
    Company { nodes: Arc::new(restarted), troupes }
}
