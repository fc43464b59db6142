//! The secret key is replaced as docs/operations.md says, on one node after the other.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use crate::faults::ledger::say;
use crate::faults::smtp_sink::SmtpSink;
use crate::nodes::rolling::compromise::Compromises;
use crate::nodes::rolling::traffic::Traffic;
use crate::nodes::rolling::{PATIENT, pass_announcement, restart, rotate, seed, setup};
use crate::support::{Account, Hand, Mail, PASSWORD, Rows, Setup, TestServer};

/// 32 octets.
const NEW: &str = "c2l4dGVlbiBncmVlbiBib3R0bGVzIG9uIGEgd2FsbCE=";
const PATIENCE: Duration = Duration::from_mins(1);

const DUE: &str =
    "UPDATE mails SET next_attempt_at = '2000-01-01T00:00:00Z' WHERE status = 'queued' AND lease_id IS NULL";
const WAITING: &str = "SELECT COUNT(*) FROM mails WHERE status = 'queued'";
const GIVEN_UP: &str = "SELECT COUNT(*) FROM mails WHERE status = 'dead' AND last_error <> 'withdrawn'";

/// Every node shows pages to a browser, and takes what it was shown by another one.
async fn look_around(nodes: &[TestServer], mut cookie: String) -> String {
    for (here, there) in nodes.iter().zip(nodes.iter().cycle().skip(1)) {
        let mut hand = Hand::holding(here, cookie);
        let token = hand.form_token("/account").await;
        let mut other = hand.at(there);
        let saved = other.submit("/account", &token, &[("first_name", "Other"), ("last_name", "Name")]).await;
        assert!(saved.status == 303 && saved.header("location").contains("done=name_saved"), "{saved:?}");
        cookie = other.cookie;
    }
    cookie
}

/// Every node in turn gets other keys; a key is made by one that has not got them yet.
async fn each_with(
    mut nodes: Vec<TestServer>,
    change: impl Fn(Setup) -> Setup,
    cookie: &mut String,
    meanwhile: impl AsyncFnOnce(&TestServer),
) -> Vec<TestServer> {
    let mut meanwhile = Some(meanwhile);
    for _ in 0..nodes.len() {
        let node = nodes.remove(0);
        nodes.push(restart(node, &change).await);
        if let Some(meanwhile) = meanwhile.take() {
            meanwhile(&nodes[0]).await;
        }
        *cookie = look_around(&nodes, cookie.clone()).await;
    }
    nodes
}

/// Until no mail waits; none was given up.
async fn all_is_sent(rows: &Rows) {
    let start = Instant::now();
    while rows.one::<i64>(WAITING).await > 0 {
        assert!(start.elapsed() < PATIENCE, "mails wait for ever");
        rows.execute(DUE).await;
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(rows.one::<i64>(GIVEN_UP).await, 0, "a mail that waited is lost");
}

/// That of an early mail opens what it is for.
async fn verify(node: &TestServer, sink: &SmtpSink, account: &Account) {
    let mail = sink.mails_after(0).into_iter().find(|mail| mail.to == account.email);
    let token = mail.as_ref().map(Mail::token).unwrap();
    let proof = json!({"token": token, "password": account.password});
    node.post("/auth/verify-email").json(&proof).send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_secret_key_on_node_after_node_under_load_is_not_noticed() {
    let sink = SmtpSink::start();
    // What is mailed waits.
    sink.refuse(true);
    let Some(nodes) = setup().variable("SMTP_URL", &sink.url()).start_lasting_nodes(3).await else { return };
    nodes[0].register(PATIENT).await;
    let early = nodes[0].register("early@example.org").await;
    let former = Hand::of(&nodes[0], &early.email, PASSWORD).await.cookie;
    let (old, rows, start) = (nodes[0].secret_key(), nodes[0].rows().await, Instant::now());
    let traffic = Traffic::of(&nodes, seed(), &Arc::<Compromises>::default());

    let mut cookie = former.clone();
    let announced = |setup: Setup| setup.set("SECRET_KEY_PREVIOUS", NEW);
    let nodes = each_with(nodes, announced, &mut cookie, async |_| {}).await;
    let swapped = |setup: Setup| setup.set("SECRET_KEY", NEW).set("SECRET_KEY_PREVIOUS", &old);
    let nodes = each_with(nodes, swapped, &mut cookie, async |node| {
        rotate(node, &[]);
        pass_announcement(node).await;
    })
    .await;
    sink.refuse(false);
    all_is_sent(&rows).await;
    verify(&nodes[0], &sink, &early).await;

    // Whoever has signed in since needs the former key no more.
    let mut cookie = Hand::of(&nodes[0], &early.email, PASSWORD).await.cookie;
    let alone = |setup: Setup| setup.set("SECRET_KEY_PREVIOUS", "");
    let nodes = each_with(nodes, alone, &mut cookie, async |_| {}).await;
    let (balancer, kids): (_, BTreeSet<String>) = traffic.end().await;
    say(&format!("9 restarts in {:?}; {} keys signed", start.elapsed(), kids.len()));
    balancer.report();
    assert_eq!(kids.len(), 2, "the key that was made meanwhile was to sign under load");
    for node in &nodes {
        let shown = Hand::holding(node, former.clone()).look("/account").await;
        assert!(shown.status == 303 && shown.header("location").contains("sign-in"), "{shown:?}");
    }
}
