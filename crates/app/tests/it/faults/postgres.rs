//! PostgreSQL restarts, crashes, hangs up, is full or is not there. On the production profile only.

mod mails;
mod migration;
mod pool;
mod read_only;
mod slow;
mod start;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::faults::HEALING;
use crate::faults::footprint::Footprint;
use crate::faults::ledger::{Chance, Fate, Story, check_all, check_retries, check_rows, report, say};
use crate::faults::postgres::mails::assert_arrived;
use crate::faults::smtp_sink::SmtpSink;
use crate::faults::writers::Writers;
use crate::support::{Hand, PASSWORD, PostgresServer, Rows, Schema, Setup, TestServer, assert_problem, number};

const WRITERS: u64 = 6;
/// Those of the service, beside that of a test.
const CONNECTIONS: &str =
    "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'countersign'";

/// Short waits: what is out is to be told soon.
pub(crate) fn setup() -> Setup {
    Setup::default().set("DATABASE__ACQUIRE_TIMEOUT", "1s").set("DATABASE__STATEMENT_TIMEOUT", "3s")
}

pub(crate) fn chance() -> Chance {
    let seed = number("FAULT_SEED").unwrap_or(u64::from(std::process::id()));
    say(&format!("FAULT_SEED={seed}"));
    Chance(seed)
}

/// How often what is done to the database is done, with all that was answered looked at after each.
pub(crate) fn rounds() -> u64 {
    let rounds = number("POSTGRES_ROUNDS").unwrap_or(1);
    say(&format!("POSTGRES_ROUNDS={rounds}"));
    rounds
}

/// Serves again by itself, which this new account shows, and all that was answered is there. The process keeps nothing of
/// the fault.
pub(crate) async fn assert_healed(server: &TestServer, before: Footprint, stories: &[Story], email: &str) {
    let start = Instant::now();
    while server.registration(email, PASSWORD).try_send().await.map_or(0, |answer| answer.status) != 201 {
        assert!(start.elapsed() < HEALING, "it does not heal by itself");
        sleep(Duration::from_millis(20)).await;
    }
    say(&format!("served again after {:?}", start.elapsed()));
    server.get("/health/ready").send().await.expect(200);
    let cut = stories.iter().filter(|story| story.logged_out != Fate::Done);
    for story in cut.clone() {
        check_retries(server, story).await;
    }
    check_rows(server, 0).await;
    let done = report(stories);
    assert!(done > 5 && cut.clone().count() > 0, "too little happened: {done} done, {} cut", cut.count());
    check_all(server, stories).await;
    before.assert_returned(server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_restarts_and_crashes_of_the_database() {
    let Some(postgres) = PostgresServer::start().map(Arc::new) else { return };
    let sink = SmtpSink::start();
    let server = setup().variable("SMTP_URL", &sink.url()).start_on(&postgres.url()).await;
    let before = Footprint::of(&server).await;
    let (mut chance, rounds, mut told) = (chance(), rounds(), Vec::new());
    for round in 0..rounds {
        let writers = Writers::start_patient(&[&server], WRITERS, &format!("r{round}"));
        for (stops, mode) in (1..).zip(["fast", "immediate", "fast"]) {
            // Each time there is more to lose.
            writers.have_registered(3 * stops).await;
            sleep(Duration::from_millis(500 + chance.below(700))).await;
            let (postgres, away) = (Arc::clone(&postgres), chance.below(400));
            let restarted = tokio::task::spawn_blocking(move || {
                postgres.stop(mode);
                std::thread::sleep(Duration::from_millis(away));
                postgres.begin();
            });
            restarted.await.unwrap();
        }
        sleep(Duration::from_millis(300)).await;
        let stories = writers.stop().await;
        assert_healed(&server, before, &stories, &format!("healed{round}@example.org")).await;
        told.extend(stories);
    }
    assert_arrived(&server, &sink, &told, 3 * usize::try_from(rounds).unwrap()).await;
    say(&format!("{} restarts, {rounds} crashes, nothing lost", 2 * rounds));
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_connections_that_the_database_ends() {
    const ENDINGS: usize = 15;
    let sink = SmtpSink::start();
    let setup = setup().variable("SMTP_URL", &sink.url());
    let Some(mut nodes) = setup.start_nodes(1, Schema::Migrated).await else { return };
    let server = nodes.remove(0);
    let rows = server.rows().await;
    let before = Footprint::of(&server).await;
    let (mut chance, rounds, mut told) = (chance(), rounds(), Vec::new());
    for round in 0..rounds {
        let writers = Writers::start_patient(&[&server], WRITERS, &format!("r{round}"));
        let mut ended = 0;
        for _ in 0..ENDINGS {
            sleep(Duration::from_millis(50 + chance.below(300))).await;
            // All of them, or one in three.
            ended += end_connections(&rows, if chance.below(3) == 0 { 1.0 } else { 0.33 }).await;
        }
        writers.have_registered(9).await;
        let stories = writers.stop().await;
        say(&format!("{ended} connections ended"));
        assert!(ended > 10, "{ended}");
        assert_healed(&server, before, &stories, &format!("healed{round}@example.org")).await;
        told.extend(stories);
    }
    assert_arrived(&server, &sink, &told, ENDINGS * usize::try_from(rounds).unwrap()).await;
}

/// Ends this share of the connections of the service; how many these were.
async fn end_connections(rows: &Rows, share: f64) -> usize {
    let end = format!("SELECT pg_terminate_backend(pid, 5000) {CONNECTIONS} AND random() < {share}");
    rows.column::<bool>(&end).await.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_hangs_under_requests_is_an_outage_within_bounds_that_heals() {
    let Some(postgres) = PostgresServer::start() else { return };
    let server = setup().start_on(&postgres.url()).await;
    let before = Footprint::of(&server).await;
    let writers = Writers::start_patient(&[&server], WRITERS, "hung");
    sleep(Duration::from_secs(1)).await;
    let (hung, since) = (postgres.hang(), Instant::now());
    let mut calls = JoinSet::new();
    for n in 0..40 {
        let call = server.registration(&format!("late{n}@example.org"), PASSWORD);
        calls.spawn(async move {
            let start = Instant::now();
            (call.send().await, start.elapsed())
        });
    }
    let mut longest = Duration::ZERO;
    while let Some(refused) = calls.join_next().await {
        let (answer, elapsed) = refused.unwrap();
        assert_problem(&answer, 503, "service_unavailable");
        longest = longest.max(elapsed);
        server.get("/health/live").send().await.expect(200);
    }
    assert!(longest < Duration::from_secs(15), "answered after {longest:?}");
    server.get("/health/ready").send().await.expect(503);
    // Longer than any statement of the writers waits.
    sleep(Duration::from_secs(4).saturating_sub(since.elapsed())).await;
    drop(hung);
    sleep(Duration::from_millis(300)).await;
    let stories = writers.stop().await;
    assert_healed(&server, before, &stories, "healed@example.org").await;
    say(&format!("40 calls answered 503 while the database hung, the last after {longest:?}"));
    drop(server);
}

/// The next statements of this kind on this table fail as those of transactions that cannot be put in a row.
async fn fail_next(rows: &Rows, kind: &str, table: &str, times: u32) {
    let function = format!(
        "CREATE OR REPLACE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('collisions') <= {times} THEN
                 RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001';
             END IF;
             RETURN NEW;
         END $$"
    );
    rows.execute("DROP SEQUENCE IF EXISTS collisions").await;
    rows.execute("CREATE SEQUENCE collisions").await;
    rows.execute(&function).await;
    let trigger =
        format!("CREATE OR REPLACE TRIGGER collide BEFORE {kind} ON {table} FOR EACH ROW EXECUTE FUNCTION collide()");
    rows.execute(&trigger).await;
}

#[tokio::test]
async fn transactions_that_cannot_be_put_in_a_row_are_tried_again_and_not_for_ever() {
    let setup = Setup::default().set("TOKENS__ACCESS_TTL", "1s");
    let Some(mut nodes) = setup.start_nodes(1, Schema::Migrated).await else { return };
    let server = nodes.remove(0);
    let (account, _) = server.signed_in("owner@example.org").await;
    let rows = server.rows().await;
    for (failures, expected) in [(1, 201), (3, 201), (4, 503), (100, 503)] {
        let tokens = server.login(&account).await;
        fail_next(&rows, "INSERT", "teams", failures).await;
        let call = server.post("/teams").bearer(&tokens.access).json(&json!({"name": "Teamname"}));
        let answer = call.send().await;
        assert_eq!(answer.status, expected, "{failures}: {}", answer.text);
        let attempts = rows.one::<i64>("SELECT last_value FROM collisions").await;
        assert_eq!(attempts, i64::from(failures.min(3)) + 1, "{failures}");
    }
    assert_eq!(rows.count("teams").await, 2, "what was refused left nothing");

    // Before the page itself, its session is renewed.
    for (failures, expected) in [(1, 200), (4, 503)] {
        let mut hand = Hand::of(&server, &account.email, PASSWORD).await;
        sleep(Duration::from_millis(1_100)).await;
        fail_next(&rows, "UPDATE", "sessions", failures).await;
        let answer = hand.look("/account").await;
        assert_eq!(answer.status, expected, "{failures}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_stop_waits_for_no_database_that_hangs() {
    let Some(postgres) = PostgresServer::start() else { return };
    let mut server = setup().start_on(&postgres.url()).await;
    let (account, _) = server.signed_in("owner@example.org").await;
    let hung = postgres.hang();
    // Given up in the midst of a statement: the pool waits for its connection.
    let start = Instant::now();
    while !server.log().contains("signing keys cannot be read") {
        assert!(start.elapsed() < Duration::from_secs(10), "{}", server.log());
        sleep(Duration::from_millis(50)).await;
    }
    let start = Instant::now();
    assert!(server.terminate().await.success(), "{}", server.log());
    assert!(start.elapsed() < Duration::from_secs(20), "ended after {:?}", start.elapsed());
    say(&format!("stopped in {:?} while the database hangs", start.elapsed()));
    assert!(server.log().contains("the connection gives no sign of life"), "{}", server.log());
    drop(hung);
    let server = server.restart().await;
    server.login(&account).await;
}

#[tokio::test]
async fn a_deadlock_is_tried_again_and_not_told() {
    let Some(mut nodes) = Setup::default().start_nodes(1, Schema::Migrated).await else { return };
    let server = nodes.remove(0);
    let (account, tokens) = server.signed_in("owner@example.org").await;
    server.team(&tokens, "Teamname").await;
    let rows = server.rows().await;
    // The deletion locks the account and waits for its team; whoever holds that then asks for the account.
    let held = rows.hold_by("SELECT 1 FROM teams FOR UPDATE").await;
    let body = json!({"current_password": account.password});
    let call = server.post("/auth/delete-account").bearer(&tokens.access).json(&body);
    let deletion = tokio::spawn(async move { call.send().await });
    sleep(Duration::from_millis(400)).await;
    assert!(!deletion.is_finished());
    held.execute("SELECT 1 FROM users FOR UPDATE").await;
    held.release().await;
    deletion.await.unwrap().expect(204);
    assert!(server.log().contains("others were in the way: once more"), "there was no deadlock");
    assert_eq!((rows.count("users").await, rows.count("teams").await), (0, 0));
    say("1 deadlock, handled again once, answered 204");
}

#[tokio::test]
async fn an_outage_is_told_by_what_it_makes_fail_and_not_by_the_driver_too() {
    let Some(postgres) = PostgresServer::start() else { return };
    for (level, asked_for) in [("info", false), ("info,sqlx_core::pool=warn", true)] {
        let server = setup().set("LOG__LEVEL", level).start_on(&postgres.url()).await;
        server.register("before@example.org").await;
        postgres.stop("fast");
        for _ in 0..5 {
            server.get("/health/ready").send().await.expect(503);
            let refused = server.sign_in("before@example.org", PASSWORD).send().await;
            assert_problem(&refused, 503, "service_unavailable");
        }
        postgres.begin();
        let log = server.log();
        let of_driver: Vec<_> = log.lines().filter(|line| line.contains(r#""target":"sqlx"#)).collect();
        assert_eq!(!of_driver.is_empty(), asked_for, "{level}: {of_driver:#?}");
        assert!(log.contains("a dependency is out") && log.contains("terminating connection"), "{log}");
    }
}
