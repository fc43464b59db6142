//! A read replica that pauses, stops, or takes its primary's place. On the production profile only.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use crate::faults::ledger::Writers;
use crate::faults::postgres::{assert_healed, chance, setup};
use crate::metrics::{assert_told_of_replica, scrape};
use crate::support::{PASSWORD, PostgresServer, Relay, Rows, Setup, TestServer, Tokens, assert_problem, said};

const TAKEN_UP: &str = "lists are read from the replica";
const LEFT: &str = "lists are read from the primary";

async fn superuser(server: &TestServer, email: &str) -> (String, Tokens) {
    server.create_superuser(email, PASSWORD);
    let tokens = Tokens::of(&server.sign_in(email, PASSWORD).send().await.expect(200));
    let id = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).text_at("/id");
    (id, tokens)
}

/// How many entries a list has.
async fn listed(server: &TestServer, by: &Tokens, path: &str) -> usize {
    let list = server.get(path).bearer(&by.access).send().await.expect(200).json();
    list["items"].as_array().unwrap().len()
}

async fn until(server: &TestServer, what: &str, holds: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < Duration::from_secs(15), "{what}:\n{}", server.log());
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until it has said so this often.
async fn until_said(server: &TestServer, line: &str, times: usize) {
    until(server, line, async || server.log().matches(line).count() >= times).await;
}

/// What readiness says of the replica; it is ready in any case.
async fn condition(server: &TestServer) -> String {
    let report = server.get("/health/ready").send().await.expect(200).json();
    let dependencies = report["dependencies"].as_array().unwrap();
    let replica = dependencies.iter().find(|dependency| dependency["name"] == "replica").unwrap();
    replica["status"].as_str().unwrap().to_owned()
}

/// The line of `doctor` about the replica.
fn examined(server: &TestServer) -> String {
    let (_, output, errors) = said(&server.run(&["doctor"], ""));
    let line = output.lines().find(|line| line.contains("  replica  "));
    line.unwrap_or_else(|| panic!("{output}{errors}")).to_owned()
}

#[tokio::test]
async fn lists_may_be_as_old_as_the_replica_and_rights_may_not() {
    let Some(primary) = PostgresServer::start() else { return };
    let replica = primary.replica();
    let setup = Setup::default().set("TOKENS__ISSUER", "http://localhost").set("DATABASE__REPLICA_MAX_LAG", "5m");
    let server = setup.start_nodes_on(1, &primary.url(), &replica.url()).await.remove(0);
    let strict = server.beside("DATABASE__REPLICA_MAX_LAG", "2s").await;
    let (_, root) = superuser(&server, "root@example.org").await;
    let (other, others) = superuser(&server, "other@example.org").await;
    for node in [&server, &strict] {
        until_said(node, TAKEN_UP, 1).await;
    }
    assert!(examined(&server).starts_with("ok      replica     keeps up"), "{}", examined(&server));
    let both = async || listed(&server, &root, "/admin/users").await == 2;
    until(&server, "the replica has not replayed them", both).await;

    let follower = Rows::of_postgres(&replica.url()).await;
    follower.execute("SELECT pg_wal_replay_pause()").await;
    let paused = async || follower.one::<String>("SELECT pg_get_wal_replay_pause_state()").await == "paused";
    until(&server, "replay is not paused", paused).await;
    let before = strict.log().matches(LEFT).count();
    let (late, tokens) = server.signed_in("late@example.org").await;
    server.team(&tokens, "Teamname").await;
    // Whatever is decided, is decided by what is.
    let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json();
    assert_eq!(me["teams"][0]["name"], "Teamname");
    let demotion = server.patch(&format!("/admin/users/{other}")).bearer(&root.access);
    demotion.json(&json!({"is_superuser": false})).send().await.expect(200);
    let refused = server.get("/admin/users").bearer(&others.access).send().await;
    assert_problem(&refused, 403, "superuser_required");
    server.get(&format!("/admin/users/{}", late.id)).bearer(&root.access).send().await.expect(200);
    until_said(&strict, LEFT, before + 1).await;
    assert_eq!(condition(&strict).await, "degraded");
    for list in ["/admin/users?q=late", "/admin/teams", "/admin/audit?event=superuser_revoked"] {
        assert_eq!(listed(&server, &root, list).await, 0, "{list} was not read from the replica");
        assert_eq!(listed(&strict, &root, list).await, 1, "{list} is older than it may be");
    }
    follower.execute("SELECT pg_wal_replay_resume()").await;
    let ready = async || condition(&strict).await == "ready";
    until(&strict, "the replica is not taken up again", ready).await;

    let (said, stopped) = (server.log().matches(LEFT).count(), Instant::now());
    replica.stop("fast");
    assert_eq!(listed(&server, &root, "/admin/users").await, 3);
    assert!(stopped.elapsed() < Duration::from_secs(5), "{:?}", stopped.elapsed());
    until_said(&server, LEFT, said + 1).await;
    assert!(examined(&server).contains("see that the server which database.replica_url names runs"));
    // It has been looked at again meanwhile.
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(listed(&server, &root, "/admin/users").await, 3);
    assert_eq!(server.log().matches(LEFT).count(), said + 1, "it is said once");
    replica.begin();
    let up = async || scrape(&server).await.count("countersign_replica_up", &[]) == 1;
    until(&server, "it is not used again", up).await;
    assert_eq!(listed(&server, &root, "/admin/users").await, 3);
    let told = scrape(&server).await;
    assert_told_of_replica(&told);
    for (source, reads) in [("replica", 4), ("primary", 2)] {
        let read = told.count("countersign_replica_reads_total", &[("source", source)]);
        assert!(read >= reads, "{read} of the {source}");
    }
    drop((server, strict));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_the_promotion_of_a_synchronous_replica() {
    let Some(primary) = PostgresServer::start() else { return };
    let replica = Arc::new(primary.replica());
    let primary = Arc::new(primary);
    let admin = Rows::of_postgres(&primary.url()).await;
    admin.execute("ALTER SYSTEM SET synchronous_standby_names = '*'").await;
    admin.execute("SELECT pg_reload_conf()").await;
    // The address of the database, whichever server that is.
    let relay = Relay::to(primary.port()).await;
    let address = primary.url().replace(&primary.port().to_string(), &relay.port().to_string());
    let setup = setup().set("TOKENS__ISSUER", "http://localhost");
    let nodes = setup.start_nodes_on(2, &address, &replica.url()).await;

    // What only one of the two has is not answered.
    replica.stop("fast");
    let answer = nodes[0].registration("alone@example.org", PASSWORD).send().await;
    assert_problem(&answer, 503, "service_unavailable");
    replica.begin();
    until(&nodes[0], "it does not go on", async || {
        nodes[0].registration("beside@example.org", PASSWORD).send().await.status != 503
    })
    .await;
    let mut chance = chance();
    let writers = Writers::start_patient(&nodes.iter().collect::<Vec<_>>(), 6, "");
    sleep(Duration::from_millis(700 + chance.below(700))).await;
    let (lost, heir) = (Arc::clone(&primary), Arc::clone(&replica));
    let taken_over = tokio::task::spawn_blocking(move || {
        lost.stop("immediate");
        heir.promote();
    });
    taken_over.await.unwrap();
    relay.switch(replica.port());
    sleep(Duration::from_millis(700)).await;
    let stories = writers.stop().await;
    assert_healed(&nodes[0], &stories).await;
    let (_, root) = superuser(&nodes[0], "root@example.org").await;
    for node in &nodes {
        node.sign_in("healed@example.org", PASSWORD).send().await.expect(200);
        until(node, "lists do not heal", async || listed(node, &root, "/admin/users?q=healed").await == 1).await;
    }
    let follows = Rows::of_postgres(&replica.url()).await.one::<bool>("SELECT pg_is_in_recovery()").await;
    assert!(!follows, "nothing was promoted");
    drop(nodes);
}
