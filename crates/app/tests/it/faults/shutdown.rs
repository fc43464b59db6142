//! Being stopped, and being left, in the middle of work.

use std::time::{Duration, Instant};

use reqwest::Method;
use tokio::task::JoinSet;

use crate::faults::ledger::say;
use crate::support::{PASSWORD, Setup};

#[tokio::test]
async fn what_is_under_way_at_sigterm_is_finished() {
    let slow = Setup::default().set("PASSWORD__BCRYPT_COST", "10").set("PASSWORD__HASHING_THREADS", "1");
    let mut server = slow.start().await;
    server.register("owner@example.org").await;
    let mut calls = JoinSet::new();
    for n in 0..24 {
        let call = if n % 2 == 0 {
            server.sign_in("owner@example.org", PASSWORD)
        } else {
            server.registration(&format!("new{n}@example.org"), PASSWORD)
        };
        calls.spawn(async move { call.try_send().await.map(|answer| answer.status) });
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.signal("TERM");
    let mut under_way = 24;
    while calls.try_join_next().is_some_and(|answer| matches!(answer.unwrap(), Ok(200 | 201))) {
        under_way -= 1;
    }
    assert!(under_way > 4, "all was done before the signal came");
    for answer in calls.join_all().await {
        assert!(matches!(answer, Ok(200 | 201)), "{answer:?}");
    }
    assert_eq!(server.wait_for_end().await.code(), Some(0));
    let refused = server.get("/health/live").try_send().await.unwrap_err();
    assert!(refused.is_connect(), "{refused:?}");
    let rows = server.rows().await;
    assert_eq!(rows.count("users").await, 13);
    assert_eq!(rows.one::<i64>("SELECT COUNT(*) FROM mails WHERE lease_id IS NOT NULL").await, 0);
    say(&format!("24 calls, {under_way} under way at SIGTERM: 24 answered"));
}

#[tokio::test]
async fn what_does_not_finish_in_the_time_that_is_set_is_not_waited_for() {
    let stuck = Setup::default().set("DATABASE__ACQUIRE_TIMEOUT", "1m").set("DATABASE__STATEMENT_TIMEOUT", "1m");
    let mut server = stuck.set("SERVER__SHUTDOWN_TIMEOUT", "2s").start().await;
    let rows = server.rows().await;
    let held = rows.hold().await;
    let hashed = async || {
        let told = server.call_metrics(Method::GET, "/metrics").send().await.expect(200).text;
        told.lines().find(|line| line.starts_with("countersign_hashing_duration_seconds_count")).map(str::to_owned)
    };
    let before = hashed().await;
    let call = server.registration("waits@example.org", PASSWORD);
    let waiting = tokio::spawn(async move { call.try_send().await.map(|answer| answer.status) });
    // The password is hashed: the next step is the database's.
    while hashed().await == before {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let start = Instant::now();
    server.signal("TERM");
    assert!(waiting.await.unwrap().is_err(), "an answer, although nobody could write");
    let waited = start.elapsed();
    assert!((Duration::from_millis(1_500)..Duration::from_secs(8)).contains(&waited), "given up after {waited:?}");
    held.release().await;
    assert_eq!(server.wait_for_end().await.code(), Some(0));
    assert_eq!(rows.count("users").await, 0);
    say(&format!("1 call that cannot end given up after {waited:?}"));
}

#[tokio::test]
async fn clients_that_leave_before_the_answer_leave_nothing_by_half_and_no_queue() {
    let slow = Setup::default().set("PASSWORD__BCRYPT_COST", "10").set("PASSWORD__HASHING_THREADS", "1");
    let server = slow.set("PASSWORD__HASHING_QUEUE", "1000").start().await;
    for wave in 0..5 {
        let mut calls = JoinSet::new();
        for n in 0..40 {
            let call = server.registration(&format!("gone{wave}x{n}@example.org"), PASSWORD);
            calls.spawn(async move { call.try_send().await.map(|answer| answer.status) });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        calls.abort_all();
        while calls.join_next().await.is_some() {}
    }
    let start = Instant::now();
    server.registration("stays@example.org", PASSWORD).send().await.expect(201);
    let waited = start.elapsed();
    let rows = server.rows().await;
    let half = "SELECT COUNT(*) FROM users WHERE id NOT IN (SELECT user_id FROM mails WHERE user_id IS NOT NULL)";
    assert_eq!(rows.one::<i64>(half).await, 0);
    let hashed = rows.count("users").await;
    assert!(hashed < 150, "{hashed} of 201 were worked on although nobody waited for them");
    assert!(waited < Duration::from_secs(15), "whoever stays waits {waited:?} for those who left");
    say(&format!(
        "200 clients left: {hashed} of 201 calls were worked on, none by half; the one that stayed waited {waited:?}"
    ));
}
