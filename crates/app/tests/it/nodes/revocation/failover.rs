//! A replica takes the place of Redis without having received the latest writes: the one case in which an old token may
//! be let in, and for how long.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use tokio::time::sleep;

use crate::faults::ledger::{Chance, say};
use crate::nodes::revocation::act::Act;
use crate::nodes::revocation::company::{Company, Scene};
use crate::nodes::revocation::ledger::Ledger;
use crate::nodes::revocation::{LIFETIME, setup};
use crate::support::{Redis, Relay, Schema};

/// Between two calls of a reader: there are many, for seconds.
const PAUSE: Duration = Duration::from_millis(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_lags_brings_old_tokens_back_for_no_longer_than_a_copy_lives() {
    let Some(master) = Redis::start() else { return };
    let replica = master.start_replica();
    let relay = Relay::to(master.port()).await;
    let setup =
        setup().variable("REDIS_URL", &format!("redis://127.0.0.1:{}", relay.port())).set("REDIS__TIMEOUT", "1s");
    let Some(nodes) = setup.start_nodes(3, Schema::Migrated).await else { return };
    let company = Company::meet(nodes, Act::ALL.len() as u64).await;
    let all = Act::ALL.len() + 1;
    let (prepared, answered) = (Arc::new(Barrier::new(all)), Arc::new(Barrier::new(all)));
    let meeting_points = (Arc::clone(&prepared), Arc::clone(&answered));
    let acting = tokio::spawn(company.each_troupe(move |n, nodes, mut troupe| {
        let (prepared, answered) = meeting_points.clone();
        let scene = Scene::of(Act::ALL[usize::try_from(n).unwrap()], &mut Chance(n));
        async move {
            let ready = scene.prepared(&nodes, &mut troupe, PAUSE).await;
            prepared.wait().await;
            // The replica receives nothing more from here on.
            prepared.wait().await;
            let done = ready.answered().await;
            answered.wait().await;
            sleep(LIFETIME + Duration::from_secs(1)).await;
            let done = done.watched(&nodes, &troupe).await;
            (troupe, done)
        }
    }));
    prepared.wait().await;
    assert_eq!(replica.ask(&["REPLICAOF", "NO", "ONE"]), "OK");
    prepared.wait().await;
    answered.wait().await;
    relay.switch(replica.port());
    let (company, done) = acting.await.unwrap();
    let mut ledger = Ledger::default();
    ledger.extend(done);
    let late = ledger.report("failover to a replica that lags");
    let longest = late.iter().max().expect("the replica had nothing of before, so this has shown nothing");
    say(&format!("  the last of them {longest:?} after the answer"));
    assert!(*longest < LIFETIME, "{longest:?}");
    assert!(ledger.waited() * 2 < ledger.latencies().len(), "they were not confirmed: {:?}", ledger.latencies());
    company.assert_refused(ledger.dead()).await;
    // From then on it is as good as the one before.
    let (company, done) = company
        .each_troupe(|n, nodes, mut troupe| async move {
            let scene = Scene::of(Act::ALL[usize::try_from(n).unwrap()], &mut Chance(n));
            let done = scene.prepared(&nodes, &mut troupe, PAUSE).await.perform(&nodes, &troupe).await;
            (troupe, done)
        })
        .await;
    let mut ledger = Ledger::default();
    ledger.extend(done);
    ledger.judge("after the failover");
    company.assert_refused(ledger.dead()).await;
}
