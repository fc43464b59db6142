//! PostgreSQL takes no writes: a standby that an address leads to, or an operator who has set it so.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::faults::HEALING;
use crate::faults::ledger::say;
use crate::faults::postgres::setup;
use crate::support::{PASSWORD, PostgresServer, Rows, assert_problem};

async fn set_read_only(rows: &Rows, value: &str) {
    rows.execute(&format!("ALTER SYSTEM SET default_transaction_read_only = {value}")).await;
    rows.execute("SELECT pg_reload_conf()").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nothing_can_be_written_reads_go_on_and_writes_are_an_outage_that_heals() {
    let Some(postgres) = PostgresServer::start() else { return };
    let server = setup().start_on(&postgres.url()).await;
    let (account, tokens) = server.signed_in("owner@example.org").await;
    let team = server.team(&tokens, "Teamname").await;
    let rows = Rows::of_postgres(&postgres.url()).await;
    set_read_only(&rows, "on").await;
    let sign_in = || server.sign_in(&account.email, PASSWORD);
    let start = Instant::now();
    while sign_in().send().await.status == 200 {
        assert!(start.elapsed() < HEALING, "it can still be written");
        sleep(Duration::from_millis(20)).await;
    }
    for n in 0..20 {
        let refused = sign_in().send().await;
        assert_problem(&refused, 503, "service_unavailable");
        assert!(refused.headers.contains_key("retry-after"));
        let refused = server.registration(&format!("late{n}@example.org"), PASSWORD).send().await;
        assert_problem(&refused, 503, "service_unavailable");
        for path in ["/auth/me", &format!("/teams/{team}"), &format!("/teams/{team}/members")] {
            server.get(path).bearer(&tokens.access).send().await.expect(200);
        }
    }
    let ready = server.get("/health/ready").send().await;
    say(&format!("readiness while nothing can be written: {} {}", ready.status, ready.text));
    assert_eq!(ready.status, 200, "its reads are as good as ever");
    set_read_only(&rows, "off").await;
    let start = Instant::now();
    while sign_in().send().await.status != 200 {
        assert!(start.elapsed() < HEALING, "it does not heal by itself");
        sleep(Duration::from_millis(20)).await;
    }
    say(&format!("written again after {:?}", start.elapsed()));
    drop(server);
}
