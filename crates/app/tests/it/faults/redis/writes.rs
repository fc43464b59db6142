//! Clients write while Redis, and nothing else, fails: each of their calls is answered, and what was answered is there.

use std::time::Duration;

use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::faults::ledger::{Chance, Fate, check_all, check_rows, report, say};
use crate::faults::redis::{becomes, with};
use crate::faults::writers::Writers;
use crate::support::{Redis, number};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_write_is_refused_or_lost_for_what_befalls_redis() {
    let Some(mut redis) = Redis::start() else { return };
    let seed = number("FAULT_SEED").unwrap_or(u64::from(std::process::id()));
    say(&format!("FAULT_SEED={seed}"));
    let mut chance = Chance(seed);
    let server = with(&redis).start().await;
    let writers = Writers::start(&[&server], 6, "redis");
    writers.have_registered(6).await;
    for fault in ["killed", "hung", "emptied", "restarted"] {
        sleep(Duration::from_millis(300 + chance.below(700))).await;
        match fault {
            "killed" => {
                block_in_place(|| redis.kill());
                becomes(&server, "degraded").await;
                sleep(Duration::from_millis(chance.below(1_000))).await;
                block_in_place(|| redis.run());
            }
            "hung" => {
                redis.signal("STOP");
                becomes(&server, "degraded").await;
                sleep(Duration::from_millis(chance.below(1_000))).await;
                redis.signal("CONT");
            }
            "emptied" => {
                for _ in 0..20 {
                    drop(redis.ask(&["FLUSHALL"]));
                    sleep(Duration::from_millis(chance.below(60))).await;
                }
            }
            _ => block_in_place(|| {
                redis.kill();
                redis.run();
            }),
        }
        becomes(&server, "ready").await;
    }
    writers.have_registered(12).await;
    let stories = writers.stop().await;
    let accounts = report(&stories);
    assert!(stories.iter().all(|story| story.logged_out == Fate::Done), "a call was not answered");
    check_rows(&server, 0).await;
    check_all(&server, &stories).await;
    say(&format!("{accounts} accounts were made, used and signed out of while Redis failed in four ways"));
}
