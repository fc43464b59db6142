//! Several nodes that share one outbox. On the production profile only: the embedded default keeps a second process away.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::sleep;

use crate::faults::ledger::say;
use crate::mail_server::{DUE, FREE, setup};
use crate::support::{MailServer, Schema, TestServer, number};

/// So many notices, due at one moment.
pub(crate) async fn fill(node: &TestServer, mails: u64) {
    let filled = node
        .rows()
        .await
        .execute(&format!(
            "INSERT INTO mails (id, kind, recipient, params, decoy, status, attempts, next_attempt_at, created_at) \
             SELECT gen_random_uuid(), 'password_changed', 'user' || n || '@example.org', '{{}}', FALSE, 'queued', 0, \
             now(), now() FROM generate_series(1, {mails}) AS n"
        ))
        .await;
    assert_eq!(filled, mails);
    node.confidences().note("user17@example.org");
}

async fn until_sent(node: &TestServer, mails: u64) {
    let rows = node.rows().await;
    let (start, patience) = (Instant::now(), Duration::from_mins(4) + Duration::from_millis(100 * mails));
    while rows.one::<i64>("SELECT COUNT(*) FROM mails WHERE status = 'sent'").await != mails.cast_signed() {
        assert!(start.elapsed() < patience, "mails wait for ever:\n{}", node.log());
        sleep(Duration::from_millis(50)).await;
    }
}

/// Message-IDs of what arrived, by recipient.
fn arrived(mails: &MailServer) -> BTreeMap<String, Vec<String>> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut arrived = BTreeMap::<_, Vec<_>>::new();
    for mail in mails.seen("mail") {
        arrived.entry(text(&mail["to"])).or_default().push(text(&mail["message_id"]));
    }
    arrived
}

/// How many mails this node says it has sent.
async fn sent_by(node: &TestServer) -> u64 {
    let page = node.call_metrics(reqwest::Method::GET, "/metrics").send().await.expect(200);
    let line = page.text.lines().find(|line| line.starts_with("countersign_mails_total{outcome=\"sent\"}"));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_and_four_workers_on_one_outbox_send_every_mail_once() {
    let count = number("OUTBOX_MAILS").unwrap_or(600);
    for workers in [2, 4] {
        let Some(mails) = MailServer::start() else { return };
        let Some(nodes) = setup(&mails).set("MAIL__TIMEOUT", "20s").start_nodes(workers, Schema::Migrated).await else {
            return;
        };
        let start = Instant::now();
        fill(&nodes[0], count).await;
        until_sent(&nodes[0], count).await;
        let arrived = arrived(&mails);
        let repeated: Vec<_> = arrived.iter().filter(|(_, ids)| ids.len() > 1).collect();
        assert!(repeated.is_empty(), "{repeated:?}");
        assert_eq!(arrived.len() as u64, count);
        let mut shares = Vec::new();
        for node in &nodes {
            shares.push(sent_by(node).await);
        }
        say(&format!("workers={workers} mails={count} repeated=0 shares={shares:?} in {:?}", start.elapsed()));
        assert_eq!(shares.iter().sum::<u64>(), count);
        assert!(shares.iter().all(|share| *share > 0), "one of them had nothing to do: {shares:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_killed_in_the_midst_of_a_batch_loses_no_mail_and_repeats_few() {
    let count = number("OUTBOX_MAILS").unwrap_or(300);
    let Some(mails) = MailServer::start() else { return };
    let Some(mut nodes) = setup(&mails).set("MAIL__TIMEOUT", "20s").start_nodes(2, Schema::Migrated).await else {
        return;
    };
    fill(&nodes[0], count).await;
    while mails.seen("mail").len() < 40 {
        sleep(Duration::from_millis(5)).await;
    }
    nodes.remove(0).kill();
    let rows = nodes[0].rows().await;
    // As if the time of its leases were over; those of the other node go with them, which is what fencing is for.
    rows.execute(FREE).await;
    rows.execute(DUE).await;
    until_sent(&nodes[0], count).await;
    let arrived = arrived(&mails);
    assert_eq!(arrived.len() as u64, count, "a mail is lost");
    let repeated: Vec<_> = arrived.values().filter(|ids| ids.len() > 1).collect();
    say(&format!("mails={count} lost=0 repeated={}", repeated.len()));
    assert!(repeated.iter().all(|ids| ids.iter().all(|id| *id == ids[0])), "{repeated:?}");
    // What was on its way, on the node that died and on the one whose leases were taken from it.
    assert!(repeated.len() <= 8, "{repeated:?}");
}
