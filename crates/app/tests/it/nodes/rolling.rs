//! Every node is stopped and started again, one after the other, behind a balancer and under load, while the signing key
//! is replaced: whoever uses the service does not notice, but that tokens of a compromised key are refused.

mod balancer;
mod compromise;
mod newer_schema;
mod retired_key;
mod secret_key;
mod traffic;
mod visitor;

use std::convert::identity;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::faults::ledger::say;
use crate::nodes::rolling::compromise::Compromises;
use crate::nodes::rolling::traffic::Traffic;
use crate::support::{PASSWORD, Setup, TestServer, number};

/// How long a node that is to stop still takes requests. The balancer asks much more often.
const DELAY: Duration = Duration::from_millis(400);
/// What is left of the announcement of a key. Nodes look for keys every second.
const ANNOUNCED: Duration = Duration::from_secs(2);
const PATIENT: &str = "patient@example.org";

fn setup() -> Setup {
    // A line for each of many thousand calls would cost more than the calls.
    let setup = Setup::default().set("TOKENS__ISSUER", "http://localhost").set("LOG__LEVEL", "warn");
    setup.set("SERVER__SHUTDOWN_DELAY", &format!("{}ms", DELAY.as_millis()))
}

fn seed() -> u64 {
    let seed = number("FAULT_SEED").unwrap_or(u64::from(std::process::id()));
    say(&format!("FAULT_SEED={seed}"));
    seed
}

/// Stops it, and starts it again at the same address with what this changes. A request that takes longer than it takes new
/// ones is under way.
async fn restart(mut node: TestServer, change: impl FnOnce(Setup) -> Setup) -> TestServer {
    let (holder, observer) = (node.rows().await, node.rows().await);
    let held = holder.hold_by(&format!("SELECT 1 FROM users WHERE email = '{PATIENT}' FOR UPDATE")).await;
    let call = node.sign_in(PATIENT, PASSWORD);
    let under_way = tokio::spawn(async move { call.try_send().await.map(|answer| answer.status) });
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%users%'";
    while observer.one::<i64>(waiting).await == 0 {
        assert!(!under_way.is_finished(), "nothing waits for the account");
        sleep(Duration::from_millis(5)).await;
    }
    node.signal("TERM");
    sleep(DELAY + Duration::from_millis(150)).await;
    held.release().await;
    let answered = under_way.await.unwrap();
    assert!(matches!(answered, Ok(200)), "what was under way is cut off: {answered:?}\n{}", node.log());
    assert_eq!(node.wait_for_end().await.code(), Some(0));
    node.restart_as(change).await
}

/// Every node once, while a command runs.
async fn around(mut nodes: Vec<TestServer>, command: impl FnOnce(&TestServer) + Send + 'static) -> Vec<TestServer> {
    let last = nodes.pop().unwrap();
    let running = spawn_blocking(move || {
        command(&last);
        last
    });
    for _ in 0..nodes.len() {
        let node = nodes.remove(0);
        nodes.push(restart(node, identity).await);
    }
    nodes.push(restart(running.await.unwrap(), identity).await);
    nodes
}

fn rotate(node: &TestServer, options: &[&str]) {
    let output = node.run(&[&["keys", "rotate"], options].concat(), "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Ten minutes of announcement pass, up to the last seconds: each node sees that before the key signs.
async fn pass_announcement(node: &TestServer) {
    let shifted = format!(
        "UPDATE signing_keys SET created_at = created_at + by, active_from = active_from + by, \
         retired_at = retired_at + by FROM (SELECT date_trunc('milliseconds', now()) + interval '{} seconds' \
         - max(active_from) AS by FROM signing_keys) AS shift",
        ANNOUNCED.as_secs()
    );
    assert!(node.rows().await.execute(&shifted).await > 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_and_new_keys_under_load_are_not_noticed() {
    let rounds = number("ROLLING_ROUNDS").unwrap_or(1);
    say(&format!("ROLLING_ROUNDS={rounds}"));
    let seed = seed();
    let Some(mut nodes) = setup().start_lasting_nodes(3).await else { return };
    nodes[0].register(PATIENT).await;
    let (compromises, start) = (Arc::<Compromises>::default(), Instant::now());
    let traffic = Traffic::of(&nodes, seed, &compromises);
    for _ in 0..rounds {
        nodes = around(nodes, |node| rotate(node, &[])).await;
        pass_announcement(&nodes[0]).await;
        let compromises = Arc::clone(&compromises);
        let compromise = move |node: &TestServer| {
            // The announced key is to sign before it is replaced, too.
            std::thread::sleep(ANNOUNCED + Duration::from_millis(500));
            compromises.during(|| rotate(node, &["--now"]));
        };
        nodes = around(nodes, compromise).await;
    }
    let (balancer, kids) = traffic.end().await;
    say(&format!("{} restarts in {:?}; {} keys signed", rounds * 6, start.elapsed(), kids.len()));
    balancer.report();
    let signed = u64::try_from(kids.len()).unwrap();
    assert_eq!(signed, 1 + 2 * rounds, "each key was to sign under load");
    assert!(balancer.counts().of("old tokens refused, as they have to be") > 0, "nobody had a token of an old key");
}
