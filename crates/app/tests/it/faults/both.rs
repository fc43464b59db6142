//! PostgreSQL and Redis out at the same time. On the production profile only.

use std::time::{Duration, Instant};

use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::faults::HEALING;
use crate::faults::footprint::Footprint;
use crate::faults::ledger::say;
use crate::faults::postgres::{assert_healed, chance, rounds, setup};
use crate::faults::writers::Writers;
use crate::support::{PASSWORD, PostgresServer, Redis, TestServer, assert_problem};

async fn is_refused(server: &TestServer, email: &str) {
    assert_problem(&server.sign_in(email, PASSWORD).send().await, 503, "service_unavailable");
    server.get("/health/ready").send().await.expect(503);
    server.get("/health/live").send().await.expect(200);
}

/// Both are used.
async fn heals(server: &TestServer, email: &str) -> Duration {
    let start = Instant::now();
    let is_served = async || server.sign_in(email, PASSWORD).try_send().await.is_ok_and(|answer| answer.status == 200);
    let is_ready = async || {
        let told = server.get("/health/ready").send().await;
        told.status == 200 && !told.text.contains("degraded")
    };
    while !(is_served().await && is_ready().await) {
        assert!(start.elapsed() < HEALING, "it does not heal by itself:\n{}", server.log());
        sleep(Duration::from_millis(20)).await;
    }
    start.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_the_loss_of_both_which_come_back_in_either_order() {
    let (Some(postgres), Some(mut redis)) = (PostgresServer::start(), Redis::start()) else { return };
    let setup = setup().variable("REDIS_URL", &redis.url()).set("REDIS__TIMEOUT", "1s");
    let server = setup.start_on(&postgres.url()).await;
    let (account, _) = server.signed_in("owner@example.org").await;
    let before = Footprint::of(&server).await;
    let mut chance = chance();
    for (round, redis_is_first) in (0..rounds()).flat_map(|round| [(round, true), (round, false)]) {
        let name = format!("r{round}{redis_is_first}");
        let writers = Writers::start_patient(&[&server], 6, &name);
        writers.have_registered(6).await;
        sleep(Duration::from_millis(500 + chance.below(700))).await;
        block_in_place(|| {
            redis.kill();
            postgres.stop("immediate");
        });
        is_refused(&server, &account.email).await;
        sleep(Duration::from_millis(chance.below(1_000))).await;
        if redis_is_first {
            block_in_place(|| redis.run());
            is_refused(&server, &account.email).await;
            block_in_place(|| postgres.begin());
        } else {
            block_in_place(|| postgres.begin());
            sleep(Duration::from_millis(chance.below(1_000))).await;
            block_in_place(|| redis.run());
        }
        let healed = heals(&server, &account.email).await;
        let order = if redis_is_first { "Redis first" } else { "PostgreSQL first" };
        say(&format!("both out, back with {order}: both used {healed:?} after the later one"));
        let stories = writers.stop().await;
        assert_healed(&server, before, &stories, &format!("healed{name}@example.org")).await;
    }
    drop(server);
}
