//! One of the masters of a cluster hangs, and with it a third of all copies and limits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Barrier;
use tokio::time::sleep;

use crate::faults::HEALING;
use crate::faults::ledger::{Chance, say};
use crate::metrics::scrape;
use crate::nodes::revocation::act::Act;
use crate::nodes::revocation::company::{Company, Scene};
use crate::nodes::revocation::ledger::Ledger;
use crate::nodes::revocation::{seed, setup};
use crate::support::{Account, Redis, Schema, TestServer, Tokens};

/// Between two calls of a reader: there are many, for seconds.
const PAUSE: Duration = Duration::from_millis(20);
/// How long the cluster itself may take: its masters give one up after two seconds, choose another, and take one that
/// comes back for a part of it again after two more.
const SUCCESSION: Duration = Duration::from_secs(20);

/// Waits until this master takes its part again.
async fn is_whole(master: &Redis) {
    let start = Instant::now();
    while !master.ask(&["CLUSTER", "INFO"]).contains("cluster_state:ok") {
        assert!(start.elapsed() < SUCCESSION, "the cluster is not whole");
        sleep(Duration::from_millis(20)).await;
    }
}

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
    for master in &masters {
        is_whole(master).await;
    }
    let (back, mut company) = (Instant::now(), company);
    loop {
        let begun = back.elapsed();
        let (again, ledger) = act_around(company, &mut chance, async || {}).await;
        ledger.judge("after a hung master");
        again.assert_refused(ledger.dead()).await;
        if ledger.waited() == 0 {
            break;
        }
        assert!(begun < HEALING, "answers to what began after {begun:?} wait still: {:?}", ledger.latencies());
        company = again;
    }
}

/// So many sessions are spread over all slots.
const SESSIONS: usize = 24;
const LOOKS: usize = 240;
/// Whoever has waited for the hung master has taken that long.
const TIMEOUT: Duration = Duration::from_millis(250);

/// How many of these looks at the sessions in turn took as long as Redis may take.
async fn late_looks(node: &TestServer, sessions: &[(Account, Tokens)], looks: usize) -> usize {
    let mut late = 0;
    for (_, tokens) in sessions.iter().cycle().take(looks) {
        let start = Instant::now();
        node.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
        late += usize::from(start.elapsed() >= TIMEOUT);
    }
    late
}

/// Lookups in the caches of a node that found something.
async fn hits(node: &TestServer) -> u64 {
    let told = scrape(node).await;
    let of = |cache| told.count("countersign_cache_requests_total", &[("cache", cache), ("outcome", "hit")]);
    of("account") + of("session")
}

async fn uses_all(node: &TestServer) -> bool {
    node.get("/health/ready").send().await.expect(200);
    scrape(node).await.count("countersign_redis_up", &[]) == 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hung_master_of_a_cluster_delays_few_requests_and_a_node_that_starts_uses_the_others() {
    let Some(masters) = Redis::start_patient_cluster() else { return };
    let urls = masters.each_ref().map(Redis::url).join(",");
    let setup = setup().variable("REDIS_URL", &urls).set("REDIS__TIMEOUT", "250ms").set("LOG__LEVEL", "info");
    let Some(mut nodes) = setup.start_nodes(1, Schema::Migrated).await else { return };
    let node = nodes.remove(0);
    let mut sessions = Vec::new();
    for n in 0..SESSIONS {
        sessions.push(node.signed_in(&format!("user{n}@example.org")).await);
    }
    assert!(late_looks(&node, &sessions, LOOKS).await * 5 < LOOKS, "this machine is too slow");
    masters[0].signal("STOP");
    let start = Instant::now();
    let late = late_looks(&node, &sessions, LOOKS).await;
    say(&format!("{late} of {LOOKS} looks in {:?} waited for the hung master", start.elapsed()));
    // A handful until it is given up: whether it is back is found out beside.
    assert!(late > 0, "nothing was asked of the hung master");
    assert!(late * 5 < LOOKS, "{late} of {LOOKS} waited for the hung master");
    assert!(!uses_all(&node).await);

    let second = node.beside("LOG__LEVEL", "info").await;
    late_looks(&second, &sessions, LOOKS).await;
    let before = hits(&second).await;
    let late = late_looks(&second, &sessions, LOOKS).await;
    let found = hits(&second).await - before;
    say(&format!("a node that started meanwhile: {found} of {} lookups found something, {late} late", 2 * LOOKS));
    assert!(found > 0, "it makes no use of the other two:\n{}", second.log());
    assert!(late * 5 < LOOKS, "{late} of {LOOKS} waited for the hung master");

    masters[0].signal("CONT");
    let start = Instant::now();
    while !(uses_all(&node).await && uses_all(&second).await) {
        assert!(start.elapsed() < HEALING, "it is not used again:\n{}\n{}", node.log(), second.log());
        late_looks(&node, &sessions, SESSIONS).await;
        late_looks(&second, &sessions, SESSIONS).await;
    }
    say(&format!("all masters were used again by both nodes after {:?}", start.elapsed()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_the_place_of_a_hung_master_is_used() {
    let Some(masters) = Redis::start_cluster() else { return };
    let heir = masters[0].start_heir();
    let urls = masters.each_ref().map(Redis::url).join(",");
    let setup = setup().variable("REDIS_URL", &urls).set("REDIS__TIMEOUT", "250ms").set("LOG__LEVEL", "info");
    let Some(mut nodes) = setup.start_nodes(1, Schema::Migrated).await else { return };
    let node = nodes.remove(0);
    let mut sessions = Vec::new();
    for n in 0..SESSIONS {
        sessions.push(node.signed_in(&format!("user{n}@example.org")).await);
    }
    // Its connections stay open, and nothing comes back on them any more.
    masters[0].signal("STOP");
    let start = Instant::now();
    while !heir.ask(&["ROLE"]).starts_with("master") {
        assert!(start.elapsed() < SUCCESSION, "nobody takes its place");
        late_looks(&node, &sessions, 4).await;
    }
    let succeeded = start.elapsed();
    while !uses_all(&node).await {
        assert!(start.elapsed() < succeeded + HEALING, "its heir is not used:\n{}", node.log());
        late_looks(&node, &sessions, SESSIONS).await;
    }
    say(&format!("a master hung; its replica took over after {succeeded:?} and was used after {:?}", start.elapsed()));
    late_looks(&node, &sessions, SESSIONS).await;
    let before = hits(&node).await;
    late_looks(&node, &sessions, SESSIONS).await;
    assert!(hits(&node).await - before > SESSIONS as u64, "copies of its slots are not used");
}

/// An act of every troupe, and what happens when all are ready.
pub(super) async fn act_around(
    company: Company,
    chance: &mut Chance,
    happening: impl AsyncFnOnce(),
) -> (Company, Ledger) {
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
