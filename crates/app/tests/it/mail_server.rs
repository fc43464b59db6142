//! Mail by a real mail server, which puts off, refuses, hangs, breaks off and goes away.

mod encryption;
pub(crate) mod sharing;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::faults::ledger::say;
use crate::support::{MailServer, Setup, TestServer, number};

const PATIENCE: Duration = Duration::from_secs(30);

/// Waits are over, and the time of a lease is.
const DUE: &str = "UPDATE mails SET next_attempt_at = '2000-01-01T00:00:00.000Z' WHERE status = 'queued'";
const FREE: &str = "UPDATE mails SET lease_until = '2000-01-01T00:00:00.000Z' WHERE lease_id IS NOT NULL";

fn setup(mails: &MailServer) -> Setup {
    Setup::default().variable("SMTP_URL", &mails.url("smtp", "")).set("MAIL__TIMEOUT", "2s")
}

/// So many mails, or this share of `OUTBOX_MAILS`.
fn outbox_mails(usual: u64, share: u64) -> u64 {
    number("OUTBOX_MAILS").map_or(usual, |mails| (mails / share).max(usual))
}

async fn until(server: &TestServer, what: &str, holds: impl AsyncFn() -> bool) {
    // More mails take longer.
    let patience = PATIENCE + Duration::from_millis(20 * number("OUTBOX_MAILS").unwrap_or_default());
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < patience, "{what}:\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Until no mail is queued, without the waits between attempts.
async fn until_settled(server: &TestServer) {
    let rows = server.rows().await;
    until(server, "mails wait for ever", async || {
        rows.execute(DUE).await;
        rows.one::<i64>("SELECT COUNT(*) FROM mails WHERE status = 'queued'").await == 0
    })
    .await;
}

/// Until the one mail that there is was tried in vain; why.
async fn setback(server: &TestServer) -> String {
    let rows = server.rows().await;
    let tried = "SELECT COUNT(*) FROM mails WHERE attempts > 0 AND status = 'queued' AND lease_id IS NULL";
    until(server, "the mail was not tried", async || rows.one::<i64>(tried).await == 1).await;
    rows.one("SELECT last_error FROM mails WHERE status = 'queued'").await
}

/// The one identity of all these.
fn message_id(mails: &[Value]) -> &str {
    let ids: BTreeSet<&str> = mails.iter().map(|mail| mail["message_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 1, "{mails:?}");
    ids.into_iter().next().unwrap()
}

#[tokio::test]
async fn what_is_put_off_or_broken_off_arrives_under_one_message_id() {
    let Some(mails) = MailServer::start() else { return };
    let server = setup(&mails).set("MAIL__ENVELOPE_SENDER", "returned@example.org").start().await;
    for kind in ["plain", "grey", "cut", "lost"] {
        server.register(&format!("{kind}@example.org")).await;
    }
    until_settled(&server).await;
    for (kind, times) in [("plain", 1), ("grey", 1), ("cut", 1), ("lost", 2)] {
        let arrived = mails.mails_to(&format!("{kind}@example.org"));
        assert_eq!(arrived.len(), times, "{kind}");
        assert!(message_id(&arrived).starts_with('<'), "{arrived:?}");
        assert!(arrived.iter().all(|mail| mail["sender"] == "returned@example.org"), "{arrived:?}");
    }
    assert_eq!(mails.seen("cut").len(), 1);
    let rows = server.rows().await;
    assert_eq!(rows.one::<i64>("SELECT COUNT(*) FROM mails WHERE status = 'sent'").await, 4);
    assert_eq!(rows.one::<i64>("SELECT COUNT(*) FROM mails WHERE sealed_token IS NOT NULL").await, 0);
    say("mails=4 arrived=5, 2 of them the one whose receipt was lost");
}

#[tokio::test]
async fn recipients_that_are_refused_or_hung_on_hold_nobody_up() {
    let Some(mails) = MailServer::start() else { return };
    let server = setup(&mails).start().await;
    let bad = outbox_mails(3, 250);
    let good = 3 * bad;
    for n in 0..bad {
        server.register(&format!("refused{n}@example.org")).await;
        server.register(&format!("stuck{n}@example.org")).await;
    }
    for n in 0..good {
        server.register(&format!("good{n}@example.org")).await;
    }
    let start = Instant::now();
    let rows = server.rows().await;
    let sent = "SELECT COUNT(*) FROM mails WHERE status = 'sent'";
    until(&server, "good mails are held up", async || rows.one::<i64>(sent).await.cast_unsigned() == good).await;
    let waited = start.elapsed();
    for n in 0..good {
        assert_eq!(mails.mails_to(&format!("good{n}@example.org")).len(), 1);
    }
    let state = async |recipient: &str| {
        let of = |column| format!("SELECT {column} FROM mails WHERE recipient LIKE '{recipient}%' AND attempts > 0");
        (rows.column::<String>(&of("status")).await, rows.column::<String>(&of("last_error")).await)
    };
    let each = usize::try_from(bad).unwrap();
    until(&server, "what hangs is not given up for now", async || state("stuck").await.0.len() == each).await;
    let refused = "the mail server answered 550".to_owned();
    assert_eq!(state("refused").await, (vec!["dead".into(); each], vec![refused; each]));
    let late = "the mail server did not answer in time".to_owned();
    assert_eq!(state("stuck").await, (vec!["queued".into(); each], vec![late; each]));
    say(&format!("refused={bad} stuck={bad} good={good}, the last of them {waited:?} after the last call"));
}

#[tokio::test]
async fn while_the_mail_server_says_nothing_no_call_waits_and_then_all_arrives() {
    let Some(mails) = MailServer::start() else { return };
    mails.fall_silent(true);
    let server = setup(&mails).start().await;
    let mut slowest = Duration::ZERO;
    for n in 0..10 {
        let email = format!("user{n}@example.org");
        let start = Instant::now();
        server.register(&email).await;
        server.post("/auth/password-reset-request").json(&json!({ "email": email })).send().await.expect(202);
        slowest = slowest.max(start.elapsed());
    }
    assert!(slowest < Duration::from_secs(1), "two calls took {slowest:?}");
    assert!(!mails.seen("connection").is_empty(), "the mail server was not asked meanwhile");
    mails.fall_silent(false);
    until_settled(&server).await;
    for n in 0..10 {
        assert_eq!(mails.mails_to(&format!("user{n}@example.org")).len(), 2, "one for each call");
    }
    say(&format!("mails=20 arrived=20, two calls took {slowest:?} at most"));
}

#[tokio::test]
async fn a_mail_server_that_is_away_for_ten_minutes_of_retries_gets_everything_once() {
    let Some(mut mails) = MailServer::start() else { return };
    mails.kill();
    let server = setup(&mails).start().await;
    let people = outbox_mails(20, 20);
    let mut slowest = Duration::ZERO;
    for n in 0..people {
        let start = Instant::now();
        server.register(&format!("late{n}@example.org")).await;
        slowest = slowest.max(start.elapsed());
    }
    assert!(slowest < Duration::from_secs(5), "calls wait: {slowest:?}");
    let rows = server.rows().await;
    // 5 s, 10 s, … 320 s: seven waits are ten minutes and a half.
    until(&server, "mails are not tried again", async || {
        rows.execute(&format!("{DUE} AND attempts < 7")).await;
        rows.one::<i32>("SELECT MIN(attempts) FROM mails").await >= 7
    })
    .await;
    let reasons = rows.column::<String>("SELECT DISTINCT last_error FROM mails").await;
    assert_eq!(reasons, ["no connection to the mail server"]);
    let tried = rows.one::<i64>("SELECT SUM(attempts) FROM mails").await;
    mails.run();
    until_settled(&server).await;
    for n in 0..people {
        assert_eq!(mails.mails_to(&format!("late{n}@example.org")).len(), 1);
    }
    let sent = rows.one::<i64>("SELECT COUNT(*) FROM mails WHERE status = 'sent'").await;
    assert_eq!(sent.cast_unsigned(), people);
    say(&format!(
        "mails={people} attempts in vain={tried} arrived={people} repeated=0; a call took {slowest:?} at most"
    ));
}

#[tokio::test]
async fn a_kill_between_the_receipt_and_its_note_repeats_the_mail_once_at_most_and_loses_none() {
    let Some(mails) = MailServer::start() else { return };
    let rounds = number("MAIL_KILL_ROUNDS").unwrap_or(4);
    for round in 0..rounds {
        let was_told = round % 2 == 1;
        let email = format!("once{round}@example.org");
        let mut server = setup(&mails).start().await;
        mails.hold(true);
        server.register(&email).await;
        until(&server, "the mail is not sent", async || mails.mails_to(&email).len() == 1).await;
        if was_told {
            // The receipt arrives, and nobody reads it any more.
            server.halt().await;
            mails.hold(false);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        server.kill();
        if !was_told {
            mails.hold(false);
        }
        let server = server.restart().await;
        server.rows().await.execute(FREE).await;
        until_settled(&server).await;
        let arrived = mails.mails_to(&email);
        assert_eq!(arrived.len(), 2, "it was noted as sent before it was, or came more than twice: {arrived:?}");
        message_id(&arrived);
    }
    say(&format!("MAIL_KILL_ROUNDS={rounds}: lost=0, each came twice under one Message-ID"));
}

#[tokio::test]
async fn whoever_invites_sees_what_became_of_the_mail_and_why() {
    let Some(mails) = MailServer::start() else { return };
    let server = setup(&mails).start().await;
    let account = server.register("owner@example.org").await;
    let owner = server.login(&account).await;
    let team = server.team(&owner, "Teamname").await;
    for kind in ["good", "refused", "grey"] {
        server.invite(&owner, &team, &format!("{kind}@example.org"), "member").send().await.expect(200);
    }
    let listed = async || {
        let listing = server.get(&format!("/teams/{team}/invitations")).bearer(&owner.access).send().await.expect(200);
        let items = listing.json()["items"].as_array().unwrap().clone();
        items.iter().map(|item| json!([item["email"], item["delivery"], item["delivery_reason"]])).collect::<Vec<_>>()
    };
    let expected = [
        json!(["good@example.org", "sent", null]),
        json!(["refused@example.org", "failed", "the mail server answered 550"]),
        json!(["grey@example.org", "queued", "the mail server answered 451"]),
    ];
    until(&server, "the list does not tell it", async || listed().await == expected).await;
    until_settled(&server).await;
    assert_eq!(listed().await[2], json!(["grey@example.org", "sent", null]));
    say("invitations=3: 2 sent, 1 failed with its reason");
}

#[tokio::test]
async fn whoever_invites_is_not_told_what_is_wrong_with_the_operators_mail_server() {
    let Some(mut mails) = MailServer::start() else { return };
    let server = setup(&mails).start().await;
    let account = server.register("owner@example.org").await;
    let owner = server.login(&account).await;
    until_settled(&server).await;
    mails.kill();
    let team = server.team(&owner, "Teamname").await;
    server.invite(&owner, &team, "invited@example.org", "member").send().await.expect(200);
    assert_eq!(setback(&server).await, "no connection to the mail server", "the operator is told what to mend");
    let listing = server.get(&format!("/teams/{team}/invitations")).bearer(&owner.access).send().await.expect(200);
    assert_eq!(listing.text_at("/items/0/delivery"), "queued");
    assert_eq!(listing.text_at("/items/0/delivery_reason"), "the mail could not be sent; the operator knows why");
    say("invitations=1: the cause is told to the operator, not to whoever invited");
}
