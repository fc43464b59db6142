//! One of three nodes has a clock that is an hour off: it says so and does no harm, the others go on, and once its clock
//! is right it goes on too.

pub(super) mod shifted;
mod skew;

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::faults::ledger::{check_all, check_rows, report, say};
use crate::faults::writers::Writers;
use crate::nodes::clock::shifted::ShiftedClock;
use crate::support::{Account, Confidences, MailServer, Rows, Schema, Setup, TestServer, number};

const HOUR: i64 = 3_600;
const WRITERS: u64 = 4;
const RESETS: u64 = 12;
const FRESH: &str = "a phrase chosen afresh";
const PATIENCE: Duration = Duration::from_secs(30);

/// Beyond the time at which a node keeps house first.
const HOUSE_IS_KEPT: Duration = Duration::from_millis(4_500);
/// So long the mail server lets mails wait for an answer: long enough for another node to take them over.
const HELD: Duration = Duration::from_millis(1_500);

const DUE: &str =
    "UPDATE mails SET next_attempt_at = '2000-01-01T00:00:00Z' WHERE status = 'queued' AND lease_id IS NULL";

fn setup(mails: &MailServer) -> Setup {
    let setup = Setup::default().variable("SMTP_URL", &mails.url("smtp", "")).set("MAIL__TIMEOUT", "20s");
    setup.set("TOKENS__ISSUER", "http://localhost").set("LOG__LEVEL", "info")
}

/// What the log has of this, line by line.
fn told(node: &TestServer, what: &str) -> usize {
    node.log().lines().filter(|line| line.contains(what)).count()
}

async fn is_ready(node: &TestServer) -> bool {
    let answer = node.get("/health/ready").send().await;
    assert!(matches!(answer.status, 200 | 503), "{}", answer.text);
    answer.status == 200
}

async fn until(what: &str, holds: impl AsyncFn() -> bool) -> Duration {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(50)).await;
    }
    start.elapsed()
}

/// Accounts that ask these nodes in turn for a new password.
async fn ask_for_resets(nodes: &[TestServer], prefix: &str) -> Vec<Account> {
    let mut accounts = Vec::new();
    for n in 0..RESETS {
        let node = &nodes[usize::try_from(n).unwrap() % nodes.len()];
        // Every second one is put off once, so that there are mails of some age, too.
        let kind = if n % 2 == 0 { "plain" } else { "grey" };
        let account = node.register(&format!("{kind}{prefix}n{n}@example.org")).await;
        let request = json!({"email": account.email});
        node.post("/auth/password-reset-request").json(&request).send().await.expect(202);
        accounts.push(account);
    }
    accounts
}

/// A clock that is slow would see nothing of what is fresh: everything has been due for long.
fn keep_due(rows: Rows) -> AbortHandle {
    let keeping = async move {
        loop {
            rows.execute(DUE).await;
            sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::spawn(keeping).abort_handle()
}

/// Until nothing is queued, without the waits between attempts: whatever its clock says, a node finds everything due.
async fn until_sent(node: &TestServer) {
    let rows = node.rows().await;
    until("mails wait for ever", async || {
        rows.execute(DUE).await;
        rows.one::<i64>("SELECT COUNT(*) FROM mails WHERE status = 'queued'").await == 0
    })
    .await;
}

/// The token of the one mail that the account got.
fn token(mails: &MailServer, account: &Account, confidences: &Confidences) -> String {
    let read = mails.read_by(&account.email);
    for mail in &read {
        confidences.note_mail(mail);
    }
    let resets: Vec<_> = read.iter().filter(|mail| mail.subject.contains("Set a new")).collect();
    assert_eq!((resets.len(), read.len()), (1, 2), "mails to {}", account.email);
    resets[0].token()
}

/// One time off and right again.
async fn be_off(
    nodes: &[TestServer],
    off: &TestServer,
    clock: &ShiftedClock,
    mails: &MailServer,
    seconds: i64,
    round: u64,
) {
    let before = told(off, "until its clock is right");
    clock.shift(seconds);
    assert!(!is_ready(off).await, "its clock is {seconds} s off");
    let why = "its clock and this node's differ by";
    assert!(told(off, why) > 0, "it does not say why it is not ready: {}", off.log());
    let writers = Writers::start_patient(&nodes.iter().collect::<Vec<_>>(), WRITERS, &format!("r{round}"));
    let start = Instant::now();
    mails.hold(true);
    let due = keep_due(nodes[0].rows().await);
    let asking = ask_for_resets(nodes, &format!("r{round}")).await;
    sleep(HELD).await;
    due.abort();
    mails.hold(false);
    sleep(HOUSE_IS_KEPT.saturating_sub(start.elapsed())).await;
    let stories = writers.stop().await;
    assert!(report(&stories) > 3, "too little happened");
    until_sent(&nodes[0]).await;
    for node in nodes {
        assert!(is_ready(node).await, "its own clock is right");
    }
    assert!(!is_ready(off).await);
    assert_eq!(told(off, "until its clock is right") - before, 1, "once, however many steps were left out");

    for (n, account) in asking.iter().enumerate() {
        let reset = json!({"token": token(mails, account, off.confidences()), "new_password": FRESH});
        nodes[n % 2].post("/auth/password-reset").json(&reset).send().await.expect(200);
        nodes[n % 2].sign_in(&account.email, FRESH).send().await.expect(200);
    }
    let rows = nodes[0].rows().await;
    assert_eq!(rows.one::<i64>("SELECT COUNT(*) FROM mails WHERE status = 'dead'").await, 0, "given up though fresh");
    check_rows(&nodes[0], round).await;
    check_all(&nodes[0], &stories).await;

    clock.shift(0);
    let ready = until("it does not turn ready by itself", async || is_ready(off).await).await;
    let goes_on = async || told(off, "the clock is right again") as u64 == round + 1;
    let working = until("its workers do not go on", goes_on).await;
    say(&format!(
        "{seconds} s off: {} accounts written by {WRITERS} clients, {RESETS} resets with one mail and a token that \
         works; ready after {ready:?}, its workers after {working:?} more",
        stories.len()
    ));
}

async fn a_node_is_off_by(seconds: i64) {
    let rounds = number("CLOCK_ROUNDS").unwrap_or(1);
    say(&format!("CLOCK_ROUNDS={rounds}"));
    let Some(mails) = MailServer::start() else { return };
    let Some(nodes) = setup(&mails).start_nodes(2, Schema::Migrated).await else { return };
    let clock = ShiftedClock::build();
    let off = nodes[0].beside_as(|setup| clock.worn_by(setup)).await;
    for round in 0..rounds {
        be_off(&nodes, &off, &clock, &mails, seconds, round).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_clock_is_an_hour_fast_leaves_the_work_to_the_others_until_it_is_right() {
    a_node_is_off_by(HOUR).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_clock_is_an_hour_slow_leaves_the_work_to_the_others_until_it_is_right() {
    a_node_is_off_by(-HOUR).await;
}
