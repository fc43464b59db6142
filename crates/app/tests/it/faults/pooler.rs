//! Nodes that reach PostgreSQL by way of `PgBouncer`, which pools sessions, over TLS and with a password. On the production
//! profile only.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::faults::footprint::Footprint;
use crate::faults::ledger::say;
use crate::faults::postgres::{self, assert_healed, chance, rounds};
use crate::faults::writers::Writers;
use crate::support::{Pooler, SECRET_KEY, Schema, Setup, TestServer, Tokens, assert_problem, run, said};

/// Those of the service at the server, by whatever way.
const CONNECTIONS: &str =
    "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'countersign'";

/// A connection through it is one with TLS and a password, and another one behind it.
fn setup() -> Setup {
    postgres::setup().set("DATABASE__ACQUIRE_TIMEOUT", "2s")
}

/// All that an account does from its beginning to its end, each answered as without a pooler.
async fn walk_through(server: &TestServer, email: &str) {
    let (account, tokens) = server.signed_in(email).await;
    let team = server.team(&tokens, "Engines").await;
    let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    assert_eq!((me.text_at("/id"), me.text_at("/teams/0/id")), (account.id.clone(), team));
    let refresh = json!({"refresh_token": tokens.refresh});
    let tokens = Tokens::of(&server.post("/auth/refresh").json(&refresh).send().await.expect(200));
    server.post("/auth/logout").bearer(&tokens.access).send().await.expect(204);
    let ended = server.get("/auth/me").bearer(&tokens.access).send().await;
    assert_problem(&ended, 401, "invalid_token");
    server.login(&account).await;
}

#[tokio::test]
async fn a_node_migrates_and_serves_through_a_pooler_of_sessions() {
    let Some(pooler) = Pooler::start(12, Duration::from_secs(20)) else { return };
    let nodes = Setup::default().start_nodes_through(1, Schema::Absent, &pooler.url()).await;
    walk_through(&nodes[0], "owner@example.org").await;
    let (code, output, errors) = said(&nodes[0].run(&["doctor"], ""));
    assert_eq!(code, Some(0), "{output}{errors}");
}

#[tokio::test]
async fn a_pooler_lets_nobody_in_without_the_password_or_without_tls() {
    let Some(pooler) = Pooler::start(12, Duration::from_secs(20)) else { return };
    let folder = tempfile::tempdir().unwrap();
    for (password, mode, cause) in [
        (Pooler::PASSWORD, "verify-full", None),
        (Pooler::PASSWORD, "disable", Some("SSL required")),
        ("another", "verify-full", Some("SASL authentication failed")),
    ] {
        let url = pooler.url_of(password, mode);
        let variables = [("DATABASE_URL", url.as_str()), ("COUNTERSIGN__SECRET_KEY", SECRET_KEY)];
        let (_, output, errors) = said(&run(folder.path(), &["doctor"], &variables));
        let line =
            output.lines().find(|line| line.contains("  database  ")).unwrap_or_else(|| panic!("{output}{errors}"));
        assert_eq!(cause.is_some(), line.starts_with("failed"), "{password} {mode}: {line}");
        assert!(cause.is_none_or(|cause| line.contains(cause)), "{password} {mode}: {line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_ask_for_more_than_the_pooler_has_are_refused_in_time_and_lose_nothing() {
    const POOL: usize = 6;
    let Some(pooler) = Pooler::start(POOL, Duration::from_secs(1)) else { return };
    let setup = setup().set("DATABASE__MAX_CONNECTIONS", "4");
    let mut nodes = setup.start_nodes_through(3, Schema::Migrated, &pooler.url()).await;
    let rows = nodes[0].rows().await;
    let before = Footprint::of(&nodes[0]).await;
    let writers = Writers::start_patient(&[&nodes[0], &nodes[1], &nodes[2]], 18, "many");
    let mut most = 0;
    for _ in 0..40 {
        sleep(Duration::from_millis(100)).await;
        most = most.max(rows.one::<i64>(CONNECTIONS).await);
    }
    let stories = writers.stop().await;
    assert_eq!(usize::try_from(most).unwrap(), POOL, "the pool was not full, or not kept");
    let refused: usize = nodes.iter().map(|node| node.log().matches("\"status\":503").count()).sum();
    say(&format!("3 nodes of 4 connections, {POOL} in all: {refused} calls answered 503"));
    assert!(refused > 0, "twelve connections were had");
    // Those of one node that ends are free for the others, which then have enough.
    for mut node in nodes.drain(1..) {
        assert!(node.terminate().await.success());
    }
    assert_healed(&nodes[0], before, &stories, "healed@example.org").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_kills_of_the_pooler() {
    let Some(mut pooler) = Pooler::start(20, Duration::from_secs(5)) else { return };
    let nodes = setup().start_nodes_through(2, Schema::Migrated, &pooler.url()).await;
    let before = Footprint::of(&nodes[0]).await;
    let (mut chance, rounds) = (chance(), rounds());
    for round in 0..rounds {
        let writers = Writers::start_patient(&[&nodes[0], &nodes[1]], 6, &format!("r{round}"));
        for kills in 1..=3 {
            // Each time there is more to lose.
            writers.have_registered(3 * kills).await;
            sleep(Duration::from_millis(500 + chance.below(700))).await;
            pooler.kill();
            sleep(Duration::from_millis(chance.below(400))).await;
            pooler.run();
        }
        sleep(Duration::from_millis(300)).await;
        let stories = writers.stop().await;
        assert_healed(&nodes[0], before, &stories, &format!("healed{round}@example.org")).await;
        walk_through(&nodes[1], &format!("walked{round}@example.org")).await;
    }
    say(&format!("{} kills of the pooler, nothing lost", 3 * rounds));
}
