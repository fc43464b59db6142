//! The connections to PostgreSQL: those that it has ended, too few of them, and what each begins with.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::faults::ledger::say;
use crate::faults::postgres::{CONNECTIONS, end_connections, rounds};
use crate::support::{PASSWORD, Schema, Setup, assert_problem, at_once, count};

#[tokio::test]
async fn a_connection_that_the_database_has_ended_is_handed_out_once_at_most() {
    const POOL: usize = 3;
    let setup = Setup::default().set("DATABASE__MAX_CONNECTIONS", &POOL.to_string());
    let Some(mut nodes) = setup.start_nodes(1, Schema::Migrated).await else { return };
    let server = nodes.remove(0);
    let rows = server.rows().await;
    let open = format!("SELECT COUNT(*) {CONNECTIONS}");
    let (mut ended, mut refused, mut registered) = (0, 0, 0);
    // Whatever else a node does with its connections may find out first, in one of these.
    for round in 0..5 * rounds() {
        let together = |n| server.registration(&format!("r{round}t{n}@example.org"), PASSWORD);
        registered += count(&at_once((0..12).map(together)).await, 201);
        assert_eq!(rows.one::<i64>(&open).await, i64::try_from(POOL).unwrap(), "not all were in use");
        ended += end_connections(&rows, 1.0).await;
        let mut of_round = Vec::new();
        for n in 0..30 {
            let answer = server.registration(&format!("r{round}n{n}@example.org"), PASSWORD).send().await;
            if answer.status == 201 {
                registered += 1;
            } else {
                assert_problem(&answer, 503, "service_unavailable");
                of_round.push(n);
            }
        }
        assert!(of_round.len() <= POOL && of_round.iter().all(|n| *n < POOL), "refused: {of_round:?}");
        refused += of_round.len();
    }
    say(&format!("{ended} connections ended, {refused} calls answered 503, {registered} accounts"));
    assert!(refused > 0, "no call has met one");
    assert_eq!(usize::try_from(rows.count("users").await).unwrap(), registered, "what was refused left nothing");
}

/// Within this, whoever has to wait for a connection is told that there is none.
const BOUND: Duration = Duration::from_secs(3);

#[tokio::test]
async fn an_exhausted_pool_is_an_outage_within_bounds_that_heals() {
    const POOL: usize = 3;
    const CALLS: usize = 40;
    let setup = Setup::default()
        .set("DATABASE__MAX_CONNECTIONS", &POOL.to_string())
        .set("DATABASE__ACQUIRE_TIMEOUT", "500ms")
        // Those who have a connection wait for so much longer that they give none back.
        .set("DATABASE__STATEMENT_TIMEOUT", "20s");
    let Some(mut nodes) = setup.start_nodes(1, Schema::Migrated).await else { return };
    let server = nodes.remove(0);
    let (account, _) = server.signed_in("owner@example.org").await;
    let rows = server.rows().await;
    let held = rows.hold().await;
    let (start, mut longest) = (Instant::now(), Duration::ZERO);
    let mut writes = JoinSet::new();
    for n in 0..CALLS {
        let call = server.registration(&format!("late{n}@example.org"), PASSWORD);
        writes.spawn(async move { (call.send().await, start.elapsed()) });
    }
    while start.elapsed() < BOUND {
        let asked = Instant::now();
        server.get("/health/live").send().await.expect(200);
        assert!(asked.elapsed() < Duration::from_secs(1), "the process seems dead: {:?}", asked.elapsed());
        while let Some(refused) = writes.try_join_next() {
            let (answer, elapsed) = refused.unwrap();
            assert_problem(&answer, 503, "service_unavailable");
            longest = longest.max(elapsed);
        }
        sleep(Duration::from_millis(50)).await;
    }
    assert!(writes.len() <= POOL, "{} calls wait still, and there are {POOL} connections", writes.len());
    held.release().await;
    let waited = writes.join_all().await;
    assert!(waited.iter().all(|(answer, _)| answer.status == 201), "{waited:?}");
    server.registration("healed@example.org", PASSWORD).send().await.expect(201);
    server.login(&account).await;
    server.get("/health/ready").send().await.expect(200);
    let done = i64::try_from(waited.len()).unwrap();
    assert_eq!(rows.count("users").await, 2 + done, "what was refused left nothing");
    say(&format!(
        "{} of {CALLS} calls answered 503, the last after {longest:?}; nothing of them left",
        CALLS - waited.len()
    ));
}

#[tokio::test]
async fn every_connection_begins_with_the_bounds_that_are_set() {
    let setup = Setup::default().set("DATABASE__STATEMENT_TIMEOUT", "7s");
    let Some(nodes) = setup.start_nodes(1, Schema::Migrated).await else { return };
    let rows = nodes[0].rows().await;
    // Nobody else can look at the settings of a session.
    rows.execute("CREATE TABLE told (setting text)").await;
    rows.execute(
        "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             INSERT INTO told SELECT name || ' ' || current_setting(name)
             FROM unnest(ARRAY['statement_timeout', 'idle_in_transaction_session_timeout', 'TimeZone']) AS name;
             RETURN NEW;
         END $$",
    )
    .await;
    rows.execute("CREATE TRIGGER tell BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION tell()").await;
    let together = |n| nodes[0].registration(&format!("t{n}@example.org"), PASSWORD);
    assert_eq!(count(&at_once((0..8).map(together)).await, 201), 8);
    let mut told: Vec<String> = rows.column("SELECT DISTINCT setting FROM told").await;
    told.sort_unstable();
    assert_eq!(told, ["TimeZone UTC", "idle_in_transaction_session_timeout 10s", "statement_timeout 7s"]);
}
