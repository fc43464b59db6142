//! One of three nodes is killed at any moment while clients go on with the others: what was answered is there, and once;
//! what was taken away is taken by no node.

mod client;
mod life;
mod outcome;
mod postman;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::faults::footprint::Footprint;
use crate::faults::interrupted::Interrupted;
use crate::faults::ledger::{Chance, check_rows, say};
use crate::faults::smtp_sink::SmtpSink;
use crate::nodes::kills::client::{Client, Cluster};
use crate::nodes::kills::life::Life;
use crate::nodes::kills::outcome::Outcome;
use crate::nodes::kills::postman::Postman;
use crate::support::{Setup, TestServer, number};

const ROUNDS: u64 = 4;
const CLIENTS: u64 = 6;

fn setup(sink: &SmtpSink) -> Setup {
    let setup = Setup::default().variable("SMTP_URL", &sink.url()).set("TOKENS__ISSUER", "http://localhost");
    // A line for each of many thousand calls would cost more than the calls. Where the metrics are is to be told.
    setup.set("TOKENS__ACCESS_TTL", "24h").set("LOG__LEVEL", "warn,countersign::commands::serve=info")
}

/// One life after another, until it is over.
async fn live_on(client: Client, postman: Arc<Postman>, is_over: Arc<AtomicBool>, nth: u64) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let name = format!("c{nth}l{}", outcomes.len());
        outcomes.push(Life::new(name, client.clone(), Arc::clone(&postman)).live().await);
    }
    outcomes
}

/// Kills one of them, and starts it again at the same address; the mails that it left half done.
async fn kill_one(nodes: &mut Vec<TestServer>, cluster: &Cluster, chance: &mut Chance) -> Interrupted {
    let n = chance.below(3);
    let at = usize::try_from(n).unwrap();
    let mut victim = nodes.remove(at);
    cluster.goes_down(at);
    victim.kill();
    sleep(Duration::from_millis(chance.below(300))).await;
    let rows = nodes[0].rows().await;
    let leased = Interrupted::leased(&rows).await;
    nodes.insert(at, victim.restart().await);
    cluster.is_up();
    // Workers that live are done with theirs meanwhile.
    let left = leased.still(&Interrupted::leased(&rows).await);
    left.free(&rows).await;
    left
}

async fn footprints(nodes: &[TestServer]) -> Vec<Footprint> {
    let mut footprints = Vec::new();
    for node in nodes {
        footprints.push(Footprint::of(node).await);
    }
    footprints
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_killed_under_load_takes_nothing_along() {
    let rounds = number("NODE_KILL_ROUNDS").unwrap_or(ROUNDS);
    let seed = number("FAULT_SEED").unwrap_or(u64::from(std::process::id()));
    say(&format!("NODE_KILL_ROUNDS={rounds} FAULT_SEED={seed}"));
    let mut chance = Chance(seed);
    // A mailbox would not show what arrives twice.
    let sink = Arc::new(SmtpSink::start());
    let Some(mut nodes) = setup(&sink).start_lasting_nodes(3).await else { return };
    let before = footprints(&nodes).await;
    let cluster = Arc::new(Cluster::of(&nodes));
    let postman = Arc::new(Postman::of(Arc::clone(&sink), nodes[0].confidences().clone()));
    let mut interrupted = Interrupted::default();
    let (mut living, is_over, start) = (JoinSet::new(), Arc::new(AtomicBool::new(false)), Instant::now());
    for n in 0..CLIENTS {
        let client = Client::new(Arc::clone(&cluster), seed.wrapping_add(n));
        living.spawn(live_on(client, Arc::clone(&postman), Arc::clone(&is_over), n));
    }
    for _ in 0..rounds {
        sleep(Duration::from_millis(200 + chance.below(500))).await;
        interrupted.add(kill_one(&mut nodes, &cluster, &mut chance).await);
    }
    is_over.store(true, Ordering::Relaxed);
    let outcomes: Vec<Outcome> = living.join_all().await.into_iter().flatten().collect();
    say(&format!("{rounds} kills and {} lives of two accounts and a team in {:?}", outcomes.len(), start.elapsed()));
    cluster.counts().report();
    let (answers, turns) = (cluster.counts().of("answers"), cluster.counts().of("turned to another node"));
    assert!(answers > 100 && turns > 0, "too little happened");
    // The database is there all the time: a node that lives has no reason to refuse, but for a machine that stalls.
    let refused = cluster.counts().of("answers 503");
    assert!(refused <= 2 + answers / 500, "{refused} of {answers} are outages, and nothing is out");

    check_rows(&nodes[0], rounds).await;
    let rows = nodes[0].rows().await;
    let mut client = Client::new(Arc::clone(&cluster), seed);
    for outcome in &outcomes {
        outcome.check(&mut client, &rows).await;
    }
    interrupted.assert_repeated_only_these(&sink.mails_after(0));
    drop(client);
    for (node, before) in nodes.iter().zip(before) {
        before.assert_returned(node).await;
    }
    say(&format!("{} lives looked at once more: violations 0", outcomes.len()));
}
