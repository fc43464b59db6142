//! Connections of which nobody is told that they lead nowhere: a firewall that forgets them, an address that moves. Those
//! to PostgreSQL on the production profile only.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use crate::faults::ledger::say;
use crate::faults::pace::Pace;
use crate::support::{PASSWORD, PostgresServer, Redis, Relay, Rows, Setup, TestServer, assert_problem, at_once, count};

/// What a statement may take, and what a connection that is given back may.
const HEALING: Duration = Duration::from_secs(1 + 2 + 5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_of_connections_that_fell_silent_are_filled_again() {
    let Some(postgres) = PostgresServer::start() else { return };
    let relay = Relay::to(postgres.port()).await;
    let url = postgres.url().replace(&postgres.port().to_string(), &relay.port().to_string());
    let server = Setup::default()
        .set("DATABASE__MAX_CONNECTIONS", "4")
        .set("DATABASE__ACQUIRE_TIMEOUT", "1s")
        .set("DATABASE__STATEMENT_TIMEOUT", "1s")
        .start_on(&url)
        .await;
    let (account, tokens) = server.signed_in("owner@example.org").await;
    // Each connection is in the middle of a transaction.
    let held = server.rows().await.hold_by("SELECT 1 FROM users FOR UPDATE").await;
    let calls: Vec<_> = (0..4)
        .map(|n| {
            let call = server.patch("/auth/me").bearer(&tokens.access).json(&json!({"first_name": format!("Name{n}")}));
            tokio::spawn(async move { call.send().await.status })
        })
        .collect();
    sleep(Duration::from_millis(400)).await;
    relay.fall_silent();
    for call in calls {
        assert_eq!(call.await.unwrap(), 503);
    }
    // The server has noticed long ago that nobody is there.
    let of_others = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE state LIKE 'idle in%' OR wait_event_type = 'Lock'";
    Rows::of_postgres(&postgres.url()).await.execute(of_others).await;
    drop(held);
    let start = Instant::now();
    while server.sign_in(&account.email, &account.password).send().await.status != 200 {
        assert!(start.elapsed() < HEALING, "it does not heal by itself");
        sleep(Duration::from_millis(50)).await;
    }
    say(&format!("4 connections of 4 fell silent, served again after {:?}", start.elapsed()));
}

/// How long the calls take that come one after the other until so many have been answered in a row; how many were not.
async fn refused_until_served(server: &TestServer, email: &str) -> (usize, Duration) {
    let (mut refused, mut longest, mut in_a_row) = (0, Duration::ZERO, 0);
    while in_a_row < 10 {
        let start = Instant::now();
        let answer = server.sign_in(email, PASSWORD).send().await;
        longest = longest.max(start.elapsed());
        if answer.status == 200 {
            in_a_row += 1;
        } else {
            assert_problem(&answer, 503, "service_unavailable");
            (refused, in_a_row) = (refused + 1, 0);
        }
    }
    (refused, longest)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_fell_silent_while_nobody_used_them_cost_a_call_each_at_most() {
    const POOL: usize = 4;
    let Some(postgres) = PostgresServer::start() else { return };
    let relay = Relay::to(postgres.port()).await;
    let url = postgres.url().replace(&postgres.port().to_string(), &relay.port().to_string());
    let server = Setup::default()
        .set("DATABASE__MAX_CONNECTIONS", &POOL.to_string())
        .set("DATABASE__ACQUIRE_TIMEOUT", "1s")
        .set("DATABASE__STATEMENT_TIMEOUT", "1s")
        .start_on(&url)
        .await;
    let (account, _) = server.signed_in("owner@example.org").await;
    // Before and after they have rested for so long that they are asked for a sign of life first.
    for rested in [1, 6] {
        let together = (0..20).map(|n| server.registration(&format!("r{rested}n{n}@example.org"), PASSWORD));
        assert_eq!(count(&at_once(together).await, 201), 20);
        sleep(Duration::from_secs(rested)).await;
        relay.fall_silent();
        let (refused, longest) = refused_until_served(&server, &account.email).await;
        say(&format!(
            "{POOL} connections fell silent after {rested} s of rest: {refused} calls refused, the longest took {longest:?}"
        ));
        assert!(refused <= POOL && longest < HEALING, "{refused} were refused, the longest took {longest:?}");
    }
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_redis_that_fell_silent_while_nobody_used_them_cost_few_calls_anything() {
    let Some(redis) = Redis::start() else { return };
    let relay = Relay::to(redis.port()).await;
    let url = format!("redis://127.0.0.1:{}", relay.port());
    let server = Setup::default().variable("REDIS_URL", &url).set("REDIS__TIMEOUT", "400ms").start().await;
    let (_, tokens) = server.signed_in("owner@example.org").await;
    let me = || server.get("/auth/me").bearer(&tokens.access);
    assert_eq!(count(&at_once((0..20).map(|_| me())).await, 200), 20);
    sleep(Duration::from_secs(2)).await;
    relay.fall_silent();
    let pace = Pace::of(&server, &tokens).await;
    pace.assert_few_waited(Duration::from_millis(400), "on connections that fell silent");
    pace.assert_within(HEALING, "on connections that fell silent");
    let ready = async || server.get("/health/ready").send().await.text.contains(r#""redis","status":"ready""#);
    let start = Instant::now();
    while !ready().await {
        assert!(start.elapsed() < HEALING, "it is not used again");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_several_connections_to_redis_that_falls_silent_in_use_is_replaced() {
    let Some(redis) = Redis::start() else { return };
    let relay = Relay::to(redis.port()).await;
    let url = format!("redis://127.0.0.1:{}", relay.port());
    let server = Setup::default().variable("REDIS_URL", &url).set("REDIS__TIMEOUT", "150ms").start().await;
    let (_, tokens) = server.signed_in("owner@example.org").await;
    let me = || server.get("/auth/me").bearer(&tokens.access);
    // Those that come together while there is none open several.
    relay.switch(redis.port());
    assert_eq!(count(&at_once((0..20).map(|_| me())).await, 200), 20);
    let several = relay.connections();
    assert!(several > 1, "there is one connection alone");
    relay.one_falls_silent();
    // The others answer, so that nothing else gives it up.
    let pace = Pace::over(Duration::from_secs(4), &server, &tokens).await;
    pace.assert_few_waited(Duration::from_millis(150), &format!("on one connection of {several} that fell silent"));
    assert!(server.get("/health/ready").send().await.text.contains(r#""redis","status":"ready""#));
}
