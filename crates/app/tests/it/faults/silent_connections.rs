//! Connections to PostgreSQL of which nobody is told that they lead nowhere: a firewall that forgets them, an address that
//! moves. On the production profile only.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use crate::faults::ledger::say;
use crate::support::{PostgresServer, Relay, Rows, Setup};

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
