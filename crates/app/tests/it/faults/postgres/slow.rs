//! PostgreSQL by a line on which each answer takes its time.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::faults::HEALING;
use crate::faults::footprint::Footprint;
use crate::faults::ledger::say;
use crate::faults::line::Line;
use crate::faults::postgres::setup;
use crate::metrics::scrape;
use crate::support::{PASSWORD, PostgresServer, TestServer, assert_problem};

const CALLS: usize = 60;
/// For a call that asks nobody, beside all of these, on a machine that has much else to do.
const ASKS_NOBODY: Duration = Duration::from_secs(3);
/// For any of them: a connection is waited for 1 s, and statements follow one another.
const BOUND: Duration = Duration::from_secs(15);

async fn hashed(server: &TestServer) -> usize {
    let hashed = scrape(server).await.count("countersign_hashing_duration_seconds_count", &[]);
    usize::try_from(hashed).unwrap()
}

/// Signs in, all at once; how many of the calls were answered, and how long the last of all took.
async fn storm(server: &TestServer, email: &str, before: Footprint) -> (usize, Duration) {
    let mut calls = JoinSet::new();
    for _ in 0..CALLS {
        let call = server.sign_in(email, PASSWORD);
        calls.spawn(async move {
            let start = Instant::now();
            (call.send().await, start.elapsed())
        });
    }
    let (mut answered, mut longest) = (0, Duration::ZERO);
    while !calls.is_empty() {
        let asked = Instant::now();
        server.get("/health/live").send().await.expect(200);
        assert!(asked.elapsed() < ASKS_NOBODY, "the process seems dead: {:?}", asked.elapsed());
        before.assert_bounds(Footprint::of(server).await);
        while let Some(call) = calls.try_join_next() {
            let (answer, elapsed) = call.unwrap();
            longest = longest.max(elapsed);
            if answer.status == 200 {
                answered += 1;
            } else {
                assert_problem(&answer, 503, "service_unavailable");
            }
        }
        sleep(Duration::from_millis(50)).await;
    }
    (answered, longest)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_slow_sheds_load_within_bounds_and_is_used_again_once_it_is_not() {
    let Some(postgres) = PostgresServer::start() else { return };
    let line = Line::to(postgres.port(), 0).await;
    let setup = setup().set("DATABASE__MAX_CONNECTIONS", "4");
    let server = setup.start_on(&line.before(&postgres.url(), postgres.port())).await;
    let (account, _) = server.signed_in("owner@example.org").await;
    let before = Footprint::of(&server).await;
    // Within what a statement may take, 3 s; a connection that takes longer to make than 1 s is none.
    for delay in [200, 2_000] {
        let hashed_before = hashed(&server).await;
        line.delay(Duration::from_millis(delay));
        let (answered, longest) = storm(&server, &account.email, before).await;
        let hashed = hashed(&server).await - hashed_before;
        line.delay(Duration::ZERO);
        let start = Instant::now();
        while server.sign_in(&account.email, PASSWORD).send().await.status != 200 {
            assert!(start.elapsed() < HEALING, "it does not heal by itself");
            sleep(Duration::from_millis(20)).await;
        }
        say(&format!(
            "each answer {delay} ms late: {answered} of {CALLS} sign-ins done, the others refused, the last after {longest:?}; \
             {hashed} passwords hashed; served again after {:?}",
            start.elapsed()
        ));
        assert!(longest < BOUND, "{longest:?}");
        assert!(answered < CALLS, "nothing was refused");
        // Who has no connection to look the account up by is refused before.
        assert!(hashed < CALLS / 2, "{hashed} passwords of {CALLS} were hashed for {answered} answers");
        server.get("/health/ready").send().await.expect(200);
    }
    before.assert_returned(&server).await;
    drop(server);
}
