//! A read replica that pauses, stops, or takes its primary's place. On the production profile only.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use crate::faults::footprint::Footprint;
use crate::faults::ledger::say;
use crate::faults::postgres::{assert_healed, chance, rounds, setup};
use crate::faults::writers::Writers;
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

/// One that came by registration, as all whose rows are looked at in the end.
async fn registered_superuser(server: &TestServer) -> Tokens {
    let account = server.register("root@example.org").await;
    let appoint = "UPDATE users SET is_superuser = TRUE WHERE email = 'root@example.org'";
    assert_eq!(server.rows().await.execute(appoint).await, 1);
    server.login(&account).await
}

/// How many entries a list has.
async fn listed(server: &TestServer, by: &Tokens, path: &str) -> usize {
    let list = server.get(path).bearer(&by.access).send().await.expect(200).json();
    list["items"].as_array().unwrap().len()
}

/// How many lists it has read from there.
async fn reads(server: &TestServer, source: &str) -> u64 {
    scrape(server).await.count("countersign_replica_reads_total", &[("source", source)])
}

/// How many entries a list has on the replica, which a busy machine does not ask each time.
async fn listed_there(server: &TestServer, by: &Tokens, path: &str) -> usize {
    let start = Instant::now();
    loop {
        let before = reads(server, "replica").await;
        let entries = listed(server, by, path).await;
        if reads(server, "replica").await > before {
            return entries;
        }
        assert!(start.elapsed() < Duration::from_secs(15), "{path} is not read there:\n{}", server.log());
        sleep(Duration::from_millis(20)).await;
    }
}

/// What it said of where lists come from, in order: whether from the replica.
fn standings(server: &TestServer) -> Vec<bool> {
    let log = server.log();
    log.lines()
        .filter(|line| line.contains(TAKEN_UP) || line.contains(LEFT))
        .map(|line| line.contains(TAKEN_UP))
        .collect()
}

async fn is_used(server: &TestServer) -> bool {
    scrape(server).await.count("countersign_replica_up", &[]) == 1
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
    let both = async || listed_there(&server, &root, "/admin/users").await == 2;
    until(&server, "the replica has not replayed them", both).await;

    let follower = Rows::of_postgres(&replica.url()).await;
    follower.execute("SELECT pg_wal_replay_pause()").await;
    let paused = async || follower.one::<String>("SELECT pg_get_wal_replay_pause_state()").await == "paused";
    until(&server, "replay is not paused", paused).await;
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
    let too_old = async || scrape(&strict).await.value("countersign_replica_lag_seconds", &[]) > 2.0;
    until(&strict, "it does not grow old", async || too_old().await && !is_used(&strict).await).await;
    assert_eq!(condition(&strict).await, "degraded");
    assert!(examined(&strict).contains("within 2 s it did not get to where database.url was"), "{}", examined(&strict));
    for list in ["/admin/users?q=late", "/admin/teams", "/admin/audit?event=superuser_revoked"] {
        assert_eq!(listed_there(&server, &root, list).await, 0, "{list} has what the replica has not");
        assert_eq!(listed(&strict, &root, list).await, 1, "{list} is older than it may be");
    }
    follower.execute("SELECT pg_wal_replay_resume()").await;
    let ready = async || condition(&strict).await == "ready";
    until(&strict, "the replica is not taken up again", ready).await;

    let stopped = Instant::now();
    replica.stop("fast");
    assert_eq!(listed(&server, &root, "/admin/users").await, 3);
    assert!(stopped.elapsed() < Duration::from_secs(5), "{:?}", stopped.elapsed());
    until(&server, "it is not left", async || standings(&server).last() == Some(&false)).await;
    assert!(examined(&server).contains("see that the server which database.replica_url names runs"));
    // It has been looked at again meanwhile.
    sleep(Duration::from_millis(1_500)).await;
    let lag = async || scrape(&server).await.value("countersign_replica_lag_seconds", &[]);
    let before = lag().await;
    until(&server, "what it has does not grow older", async || lag().await > before + 1.0).await;
    assert_eq!(listed(&server, &root, "/admin/users").await, 3);
    replica.begin();
    until(&server, "it is not used again", async || is_used(&server).await).await;
    assert_eq!(listed_there(&server, &root, "/admin/users").await, 3);
    let said = standings(&server);
    assert!(said.windows(2).all(|two| two[0] != two[1]), "it is said once: {said:?}");
    let told = scrape(&server).await;
    assert_told_of_replica(&told);
    for (source, least) in [("replica", 5), ("primary", 2)] {
        let lists = reads(&server, source).await;
        assert!(lists >= least, "{lists} of the {source}");
        say(&format!("{lists} lists of the {source}"));
    }
    drop((server, strict));
}

#[tokio::test]
async fn one_list_that_takes_too_long_on_the_replica_falls_back_by_itself() {
    let Some(primary) = PostgresServer::start() else { return };
    let replica = primary.replica();
    let setup = Setup::default().set("DATABASE__REPLICA_MAX_LAG", "5m").set("DATABASE__STATEMENT_TIMEOUT", "3s");
    let server = setup.start_nodes_on(1, &primary.url(), &replica.url()).await.remove(0);
    let (_, root) = superuser(&server, "root@example.org").await;
    let both = async || listed_there(&server, &root, "/admin/users").await == 1;
    until(&server, "the replica has not replayed it", both).await;

    // There a lock of the primary is held until replay goes on.
    let follower = Rows::of_postgres(&replica.url()).await;
    let held = server.rows().await.hold_by("LOCK TABLE users IN ACCESS EXCLUSIVE MODE").await;
    // Nothing else sends it there.
    Rows::of_postgres(&primary.url()).await.execute("SELECT pg_switch_wal()").await;
    let locks = "SELECT COUNT(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND locktype = 'relation'";
    until(&server, "it is not locked there", async || follower.one::<i64>(locks).await > 0).await;
    follower.execute("SELECT pg_wal_replay_pause()").await;
    let paused = async || follower.one::<String>("SELECT pg_get_wal_replay_pause_state()").await == "paused";
    until(&server, "replay is not paused", paused).await;
    held.release().await;

    let there = reads(&server, "replica").await;
    let by_itself = async || {
        until(&server, "it is not used", async || is_used(&server).await).await;
        let (said, start) = (standings(&server), Instant::now());
        assert_eq!(listed(&server, &root, "/admin/users").await, 1);
        // Where the machine was too busy for a look, it is tried once more.
        start.elapsed() > Duration::from_millis(2_900) && standings(&server) == said
    };
    until(&server, "all lists move with it", by_itself).await;
    assert_eq!(reads(&server, "replica").await, there, "it was not locked");
    assert_eq!(listed_there(&server, &root, "/admin/teams").await, 0);
    follower.execute("SELECT pg_wal_replay_resume()").await;
    assert_eq!(listed_there(&server, &root, "/admin/users").await, 1);
    drop(server);
}

#[tokio::test]
async fn a_server_that_is_no_replica_of_the_primary_is_never_read() {
    let (Some(primary), Some(other)) = (PostgresServer::start(), PostgresServer::start()) else { return };
    let others = other.replica();
    let strangers = Setup::default().start_nodes_on(1, &other.url(), &others.url()).await.remove(0);
    for email in ["one@example.org", "two@example.org"] {
        strangers.register(email).await;
    }
    // Its log is the longer one.
    Rows::of_postgres(&other.url()).await.execute("SELECT pg_switch_wal()").await;
    until_said(&strangers, TAKEN_UP, 1).await;
    let issuer = Setup::default().set("TOKENS__ISSUER", "http://localhost");
    let itself = issuer.start_nodes_on(1, &primary.url(), &primary.url()).await.remove(0);
    let strayed = itself.beside("DATABASE__REPLICA_URL", &strangers.replica_url()).await;
    let (_, root) = superuser(&itself, "root@example.org").await;
    for (node, why, next) in [
        (&itself, "it takes writes itself", "make it one of database.url"),
        (&strayed, "it is a replica of another server", "name one of the server of database.url"),
    ] {
        until_said(node, LEFT, 1).await;
        assert!(node.log().contains(why), "{}", node.log());
        assert_eq!(listed(node, &root, "/admin/users").await, 1);
        assert_eq!((reads(node, "replica").await, reads(node, "primary").await), (0, 1));
        assert!(!is_used(node).await);
        assert_eq!(condition(node).await, "degraded");
        let examined = examined(node);
        assert!(examined.starts_with("failed") && examined.contains(why) && examined.contains(next), "{examined}");
    }
    drop((itself, strayed, strangers));
}

/// Has a commit wait for whatever follows this server.
async fn replicate_synchronously(primary: &PostgresServer) {
    let admin = Rows::of_postgres(&primary.url()).await;
    admin.execute("ALTER SYSTEM SET synchronous_standby_names = '*'").await;
    admin.execute("SELECT pg_reload_conf()").await;
}

/// What only one of the two has is not answered.
async fn assert_alone_is_not_answered(node: &TestServer, replica: &PostgresServer) {
    replica.stop("fast");
    let answer = node.registration("alone@example.org", PASSWORD).send().await;
    assert_problem(&answer, 503, "service_unavailable");
    replica.begin();
    until(node, "it does not go on", async || {
        node.registration("beside@example.org", PASSWORD).send().await.status != 503
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_the_promotion_of_a_synchronous_replica() {
    let Some(mut primary) = PostgresServer::start().map(Arc::new) else { return };
    let mut replica = Arc::new(primary.replica());
    replicate_synchronously(&primary).await;
    // The addresses of database and replica, whichever servers these are.
    let (first, second) = (Relay::to(primary.port()).await, Relay::to(replica.port()).await);
    let at = |relay: &Relay| primary.url().replace(&primary.port().to_string(), &relay.port().to_string());
    let setup = setup().set("TOKENS__ISSUER", "http://localhost");
    let nodes = setup.start_nodes_on(2, &at(&first), &at(&second)).await;
    assert_alone_is_not_answered(&nodes[0], &replica).await;
    let root = registered_superuser(&nodes[0]).await;
    let before = Footprint::of(&nodes[0]).await;
    let (mut chance, rounds) = (chance(), rounds());
    for round in 0..rounds {
        if round > 0 {
            // The heir has one of its own.
            replica = Arc::new(primary.replica());
            replicate_synchronously(&primary).await;
            second.switch(replica.port());
            for node in &nodes {
                until(node, "the new replica is not taken up", async || is_used(node).await).await;
            }
        }
        let writers = Writers::start_patient(&nodes.iter().collect::<Vec<_>>(), 6, &format!("r{round}"));
        let rows = nodes[0].rows().await;
        let some = rows.count("users").await + 25;
        until(&nodes[0], "little is written", async || rows.count("users").await > some).await;
        sleep(Duration::from_millis(chance.below(700))).await;
        let (lost, heir) = (Arc::clone(&primary), Arc::clone(&replica));
        let taken_over = tokio::task::spawn_blocking(move || {
            lost.stop("immediate");
            heir.promote();
        });
        taken_over.await.unwrap();
        first.switch(replica.port());
        sleep(Duration::from_millis(700)).await;
        let stories = writers.stop().await;
        let healed = format!("healed{round}@example.org");
        assert_healed(&nodes[0], before, &stories, &healed).await;
        let listing = format!("/admin/users?q=healed{round}");
        for node in &nodes {
            node.sign_in(&healed, PASSWORD).send().await.expect(200);
            until(node, "lists do not heal", async || listed(node, &root, &listing).await == 1).await;
            // It takes writes itself, and so follows nobody any more.
            until(node, "it is still read as a replica", async || !is_used(node).await).await;
            assert_eq!(listed(node, &root, &listing).await, 1);
            assert!(examined(node).contains("it takes writes itself"), "{}", examined(node));
        }
        let follows = Rows::of_postgres(&replica.url()).await.one::<bool>("SELECT pg_is_in_recovery()").await;
        assert!(!follows, "nothing was promoted");
        primary = Arc::clone(&replica);
    }
    say(&format!("{rounds} promotions, nothing lost"));
    drop(nodes);
}
