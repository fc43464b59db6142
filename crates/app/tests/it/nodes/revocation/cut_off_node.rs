//! A node that does not reach the Redis which the others use.

use std::sync::Arc;
use std::time::Duration;

use crate::nodes::revocation::act::Act;
use crate::nodes::revocation::company::{Company, Scene};
use crate::nodes::revocation::ledger::Ledger;
use crate::nodes::revocation::{LIFETIME, setup};
use crate::support::{Redis, Schema};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_cut_off_from_redis_answers_once_the_copies_of_the_others_have_expired() {
    let Some(redis) = Redis::start() else { return };
    let setup = setup().variable("REDIS_URL", &redis.url()).set("REDIS__TIMEOUT", "1s");
    let Some(nodes) = setup.clone().start_nodes(3, Schema::Migrated).await else { return };
    let Company { nodes, troupes } = Company::meet(nodes, Act::ALL.len() as u64).await;
    let mut nodes = Arc::into_inner(nodes).unwrap();
    let mut first = nodes.remove(0);
    assert!(first.terminate().await.success());
    // Nobody listens there.
    nodes.insert(0, first.restart_with(setup.variable("REDIS_URL", "redis://127.0.0.1:1")).await);
    let company = Company { nodes: Arc::new(nodes), troupes };
    let (company, done) = company
        .each_troupe(|n, nodes, mut troupe| async move {
            let act = Act::ALL[usize::try_from(n).unwrap()];
            let pause = Duration::from_millis(20);
            let done = Scene::on_first(act).prepared(&nodes, &mut troupe, pause).await.perform(&nodes, &troupe).await;
            (troupe, done)
        })
        .await;
    let mut ledger = Ledger::default();
    ledger.extend(done);
    ledger.judge("a node without Redis");
    assert!(ledger.latencies().iter().all(|took| *took >= LIFETIME), "{:?}", ledger.latencies());
    company.assert_refused(ledger.dead()).await;
}
