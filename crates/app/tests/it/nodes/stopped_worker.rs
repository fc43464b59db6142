//! A node that stops in the midst of its mails, for longer than they are its own, and goes on.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::faults::ledger::say;
use crate::faults::smtp_sink::{SmtpSink, mail_id};
use crate::mail_server::sharing::fill;
use crate::nodes::clock::shifted::ShiftedClock;
use crate::support::{Rows, Schema, Setup, TestServer};

/// Less than a batch.
const MAILS: u64 = 30;
/// Of those, on their way at once.
const AT_ONCE: usize = 4;
/// Longer than a lease, in seconds.
const STOPPED: i64 = 360;
const PATIENCE: Duration = Duration::from_secs(30);

/// The lease of all ended before that.
const OVER: &str = "UPDATE mails SET lease_until = now() - interval '1 minute' WHERE lease_id IS NOT NULL";

async fn until(what: &str, node: &TestServer, holds: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < PATIENCE, "{what}:\n{}", node.log());
        sleep(Duration::from_millis(20)).await;
    }
}

async fn of_status(rows: &Rows, status: &str) -> u64 {
    rows.one::<i64>(&format!("SELECT COUNT(*) FROM mails WHERE status = '{status}'")).await.cast_unsigned()
}

/// Ids of what arrived, by recipient.
fn arrived(sink: &SmtpSink) -> BTreeMap<String, Vec<String>> {
    let mut arrived = BTreeMap::<_, Vec<_>>::new();
    for mail in sink.mails_after(0) {
        arrived.entry(mail.to.clone()).or_default().push(mail_id(&mail));
    }
    arrived
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_was_stopped_past_its_lease_neither_sends_nor_marks_what_another_took_over() {
    let (sink, clock, right) = (SmtpSink::start(), ShiftedClock::build(), ShiftedClock::build());
    let setup = Setup::default().variable("SMTP_URL", &sink.url()).set("MAIL__TIMEOUT", "60s");
    let Some(mut nodes) = clock.worn_by(setup).start_nodes(1, Schema::Migrated).await else { return };
    let stopped = nodes.remove(0);
    let rows = stopped.rows().await;
    sink.hold();
    fill(&stopped, MAILS).await;
    until("it does not begin", &stopped, async || sink.mails_after(0).len() == AT_ONCE).await;
    stopped.halt().await;
    // So the receipts of these lie before it.
    sink.answer();
    sleep(Duration::from_millis(200)).await;
    sink.hold();
    // As if so much time had passed: for the others, and for itself once it goes on.
    clock.shift(STOPPED);
    assert_eq!(rows.execute(OVER).await, MAILS, "it had them all");

    let other = stopped.beside_as(|setup| right.worn_by(setup)).await;
    until("nobody takes over", &other, async || sink.mails_after(0).len() == 2 * AT_ONCE).await;
    stopped.signal("CONT");
    let told = |what: &str| stopped.log().matches(what).count();
    until("it marks", &stopped, async || told("the lease of a mail was lost before it was marked") == AT_ONCE).await;
    until("it does not leave off", &stopped, async || told("the rest of a batch is left for later") > 0).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(of_status(&rows, "queued").await, MAILS, "what the other one is about to send counts as sent");
    assert_eq!(sink.mails_after(0).len(), 2 * AT_ONCE, "it sends what is not its own any more");

    sink.answer();
    until("a mail is lost", &other, async || of_status(&rows, "sent").await == MAILS).await;
    let arrived = arrived(&sink);
    assert_eq!(arrived.len() as u64, MAILS);
    let repeated: Vec<_> = arrived.values().filter(|ids| ids.len() > 1).collect();
    assert!(repeated.iter().all(|ids| ids.len() == 2 && ids[0] == ids[1]), "{repeated:?}");
    assert_eq!(repeated.len(), AT_ONCE, "those on their way when it was stopped, and no other");
    assert_eq!(rows.one::<i64>("SELECT COUNT(*) FROM mails WHERE attempts <> 1").await, 0, "marked by both");
    say(&format!(
        "mails={MAILS}, {AT_ONCE} of them on their way when it was stopped: repeated={}, lost=0",
        repeated.len()
    ));

    // It is worth as much as before.
    clock.shift(0);
    drop(other);
    stopped.register("later@example.org").await;
    until("it sends no more", &stopped, async || sink.mails_to("later@example.org").len() == 1).await;
}
