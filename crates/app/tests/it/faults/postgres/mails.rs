//! The mails of what was answered while the database failed.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::sleep;

use crate::faults::delivered::Delivered;
use crate::faults::interrupted::Interrupted;
use crate::faults::ledger::{Fate, Story, say};
use crate::faults::smtp_sink::{SmtpSink, mail_id};
use crate::support::TestServer;

/// More than a worker takes that gets its answers.
const WORKING: Duration = Duration::from_secs(3);

/// Each is there, and none more often than once, and once more for each of these faults.
pub(super) async fn assert_arrived(server: &TestServer, sink: &SmtpSink, stories: &[Story], faults: usize) {
    let rows = server.rows().await;
    // What a worker could not note has to wait for the end of its lease, in minutes.
    let leased = Interrupted::leased(&rows).await;
    sleep(WORKING).await;
    let unnoted = leased.still(&Interrupted::leased(&rows).await);
    unnoted.free(&rows).await;
    rows.execute("UPDATE mails SET next_attempt_at = '2000-01-01T00:00:00.000Z' WHERE status = 'queued'").await;
    let delivered = Delivered::by(server, sink).await;
    for story in stories {
        // The only one: an address that is not verified is told of nothing else.
        let has_arrived = delivered.has(&story.email, "verify your e-mail address");
        assert!(story.registered != Fate::Done || has_arrived, "{story:?}");
    }
    let mut times = BTreeMap::<String, usize>::new();
    for mail in sink.mails_after(0) {
        *times.entry(mail_id(&mail)).or_default() += 1;
    }
    let most = times.values().copied().max().unwrap_or_default();
    let repeated = times.values().filter(|times| **times > 1).count();
    say(&format!("{} mails, each arrived, {repeated} of them again, at most {most} times", times.len()));
    assert!(!times.is_empty() && most <= 1 + faults, "a mail arrived {most} times, and there were {faults} faults");
}
