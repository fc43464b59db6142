//! One of the masters of a cluster hangs, and with it a third of all copies and limits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Barrier;
use tokio::time::sleep;

use crate::faults::ledger::Chance;
use crate::nodes::revocation::act::Act;
use crate::nodes::revocation::company::{Company, Scene};
use crate::nodes::revocation::ledger::Ledger;
use crate::nodes::revocation::{seed, setup};
use crate::support::{Redis, Schema};

/// Between two calls of a reader: there are many, for seconds.
const PAUSE: Duration = Duration::from_millis(20);
/// How long it may take until all of the cluster is used again.
const HEALING: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hung_master_of_a_cluster_brings_no_old_token_back() {
    let Some(masters) = Redis::start_cluster() else { return };
    let urls = masters.each_ref().map(Redis::url).join(",");
    let setup = setup().variable("REDIS_URL", &urls).set("REDIS__TIMEOUT", "1s");
    let Some(nodes) = setup.start_nodes(3, Schema::Migrated).await else { return };
    let mut chance = Chance(seed());
    let company = Company::meet(nodes, Act::ALL.len() as u64).await;
    let (company, ledger) = act_around(company, &mut chance, async || {
        masters[0].signal("STOP");
        // For longer than the other masters wait before they give it up, and with it the cluster.
        sleep(Duration::from_secs(4)).await;
        masters[0].signal("CONT");
    })
    .await;
    ledger.judge("a hung master");
    assert!(ledger.waited() > 0, "{:?}", ledger.latencies());
    company.assert_refused(ledger.dead()).await;
    let start = Instant::now();
    let (mut company, mut ledger) = act_around(company, &mut chance, async || {}).await;
    while ledger.waited() > 0 {
        assert!(start.elapsed() < HEALING, "answers wait still: {:?}", ledger.latencies());
        ledger.judge("after a hung master");
        (company, ledger) = act_around(company, &mut chance, async || {}).await;
    }
    ledger.judge("after a hung master");
    company.assert_refused(ledger.dead()).await;
}

/// An act of every troupe, and what happens when all are ready.
async fn act_around(company: Company, chance: &mut Chance, happening: impl AsyncFnOnce()) -> (Company, Ledger) {
    let curtain = Arc::new(Barrier::new(company.troupes.len() + 1));
    let (raised, seed) = (Arc::clone(&curtain), chance.below(1 << 31));
    let acting = tokio::spawn(company.each_troupe(move |n, nodes, mut troupe| {
        let (curtain, act) = (Arc::clone(&raised), Act::ALL[usize::try_from(n).unwrap()]);
        let scene = Scene::of(act, &mut Chance(seed.wrapping_add(n)));
        async move {
            let ready = scene.prepared(&nodes, &mut troupe, PAUSE).await;
            curtain.wait().await;
            let done = ready.perform(&nodes, &troupe).await;
            (troupe, done)
        }
    }));
    curtain.wait().await;
    happening().await;
    let (company, done) = acting.await.unwrap();
    let mut ledger = Ledger::default();
    ledger.extend(done);
    (company, ledger)
}
