//! The same while questions to Redis and its answers are lost, or late: what it was asked may be done or not.

use std::time::Duration;

use crate::faults::ledger::{Chance, say};
use crate::faults::line::Line;
use crate::nodes::revocation::act::Act;
use crate::nodes::revocation::company::Company;
use crate::nodes::revocation::hung_master::act_around;
use crate::nodes::revocation::{seed, setup};
use crate::support::{Redis, Schema, number};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_redis_that_is_lost_or_late_brings_an_old_token_or_role_back() {
    let Some(redis) = Redis::start() else { return };
    let rounds = number("REDIS_FAULT_ROUNDS").unwrap_or(1);
    say(&format!("REDIS_FAULT_ROUNDS={rounds}"));
    let seed = seed();
    let mut chance = Chance(seed);
    let line = Line::to(redis.port(), seed).await;
    let url = line.before(&redis.url(), redis.port());
    let setup = setup().variable("REDIS_URL", &url).set("REDIS__TIMEOUT", "250ms");
    let Some(nodes) = setup.start_nodes(3, Schema::Migrated).await else { return };
    let mut company = Company::meet(nodes, Act::ALL.len() as u64).await;
    for _ in 0..rounds {
        // Late enough that a busy node gives some of them up, and others not.
        for (of_thousand, delay) in [(50, 0), (20, 230)] {
            let (acted, ledger) = act_around(company, &mut chance, async || {
                line.delay(Duration::from_millis(delay));
                line.lose(of_thousand);
            })
            .await;
            line.delay(Duration::ZERO);
            line.lose(0);
            ledger.judge(&format!(
                "{of_thousand} of 1000 questions and answers of Redis lost, the others {delay} ms late"
            ));
            acted.assert_refused(ledger.dead()).await;
            company = acted;
        }
    }
    say(&format!("{} questions and answers of Redis were lost", line.lost()));
    assert!(line.lost() > 0, "none was lost");
}
