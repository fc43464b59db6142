//! Mail that is cut off on its way, or refused.

use std::time::{Duration, Instant};

use crate::faults::footprint::Footprint;
use crate::faults::ledger::say;
use crate::faults::pace::Pace;
use crate::faults::smtp_sink::SmtpSink;
use crate::support::{Setup, TestServer};

/// For a call that waits for no mail. One that does waits for many times as long.
const BOUND: Duration = Duration::from_secs(2);

async fn until(server: &TestServer, what: &str, holds: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}:\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn message_id(mail: &str) -> String {
    mail.lines().find(|line| line.to_lowercase().starts_with("message-id:")).unwrap().to_owned()
}

#[tokio::test]
async fn a_kill_between_sending_and_noting_it_repeats_one_mail_at_most() {
    for answered in [false, true] {
        let sink = SmtpSink::start();
        let mut server = Setup::default().variable("SMTP_URL", &sink.url()).start().await;
        // The mail is with the mail server; the answer comes only if it is to.
        sink.hold();
        server.register("once@example.org").await;
        until(&server, "the mail is not sent", async || sink.mails_to("once@example.org").len() == 1).await;
        if answered {
            server.halt().await;
            sink.answer();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        server.kill();
        sink.answer();
        let rows = server.rows().await;
        assert_eq!(rows.one::<String>("SELECT status FROM mails").await, "queued");
        // As if the time of the lease were over.
        assert_eq!(rows.execute("UPDATE mails SET lease_until = '2000-01-01T00:00:00.000Z'").await, 1);
        let server = server.restart().await;
        let rows = server.rows().await;
        let sent = async || rows.one::<String>("SELECT status FROM mails").await == "sent";
        until(&server, "the mail is not noted as sent", sent).await;
        server.register("later@example.org").await;
        until(&server, "the next mail is not sent", async || sink.mails_to("later@example.org").len() == 1).await;
        let mails = sink.mails_to("once@example.org");
        assert!(mails.len() <= 2, "{} times", mails.len());
        assert!(mails.iter().all(|mail| message_id(mail) == message_id(&mails[0])), "{mails:?}");
        say(&format!(
            "killed with the receipt under way={answered}: arrived {} times under one Message-ID",
            mails.len()
        ));
    }
}

#[tokio::test]
async fn a_recipient_that_is_refused_holds_nobody_up_and_is_given_up() {
    let sink = SmtpSink::start();
    let server = Setup::default().variable("SMTP_URL", &sink.url()).start().await;
    for n in 0..3 {
        server.register(&format!("poison{n}@example.org")).await;
    }
    for n in 0..8 {
        server.register(&format!("good{n}@example.org")).await;
    }
    for n in 0..8 {
        let email = format!("good{n}@example.org");
        until(&server, "a mail is held up", async || !sink.mails_to(&email).is_empty()).await;
        assert_eq!(sink.mails_to(&email).len(), 1);
    }
    let rows = server.rows().await;
    let dead = async || rows.one::<i64>("SELECT COUNT(*) FROM mails WHERE status = 'dead'").await == 3;
    until(&server, "who is refused for good is tried for ever", dead).await;
    let token = "SELECT COUNT(*) FROM mails WHERE status <> 'queued' AND sealed_token IS NOT NULL";
    assert_eq!(rows.one::<i64>(token).await, 0);
    assert!(!server.log().contains("poison0@"), "the log names who was refused");
    let errors: Vec<String> = rows.column("SELECT last_error FROM mails WHERE status = 'dead'").await;
    assert!(errors.iter().all(|error| !error.contains('@')), "{errors:?}");
    say("refused=3, given up; good=8, each arrived once");
}

#[tokio::test]
async fn while_the_mail_server_is_away_calls_answer_as_ever_and_mail_follows() {
    let sink = SmtpSink::start();
    let server = Setup::default().variable("SMTP_URL", &sink.url()).start().await;
    let before = Footprint::of(&server).await;
    // It takes mail and confirms nothing; an attempt may take 20 s.
    sink.hold();
    let account = server.register("early@example.org").await;
    until(&server, "nothing is under way", async || sink.mails_to(&account.email).len() == 1).await;
    let tokens = server.login(&account).await;
    Pace::of(&server, &tokens).await.assert_within(BOUND, "while the mail server hangs");
    sink.refuse(true);
    sink.answer();
    let start = Instant::now();
    for n in 0..5 {
        server.register(&format!("late{n}@example.org")).await;
    }
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    let rows = server.rows().await;
    let tried =
        async || rows.one::<i64>("SELECT COUNT(*) FROM mails WHERE attempts > 0 AND status = 'queued'").await > 0;
    until(&server, "nothing was tried", tried).await;
    Pace::of(&server, &tokens).await.assert_within(BOUND, "while the mail server refuses");
    sink.refuse(false);
    let due = "UPDATE mails SET next_attempt_at = '2000-01-01T00:00:00.000Z' WHERE status = 'queued'";
    for n in 0..5 {
        let email = format!("late{n}@example.org");
        let arrived = async || {
            rows.execute(due).await;
            !sink.mails_to(&email).is_empty()
        };
        until(&server, "a mail is lost", arrived).await;
        assert_eq!(sink.mails_to(&email).len(), 1);
    }
    assert_eq!(sink.mails_to(&account.email).len(), 1);
    before.assert_returned(&server).await;
    say("mails=6 arrived=6");
}
