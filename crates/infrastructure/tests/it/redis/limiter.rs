//! The limiter when several nodes count, and when what they count in is lost.

use std::sync::Arc;

use countersign_application::ports::id_generator::IdGenerator as _;
use countersign_application::ports::rate_limiter::{Hit, LimitRule, LimitVerdict, RateLimiter as _};
use countersign_application::testing::NOW;
use countersign_infrastructure::rate_limit::RedisRateLimiter;
use countersign_infrastructure::redis::RedisPool;
use countersign_infrastructure::system::UuidV7Generator;
use time::Duration;

use crate::redis::server::eventually;
use crate::redis::{Server, each_redis};

fn hit(subject: &str, max: u32, after: Duration) -> Hit {
    let rule = LimitRule { name: "login", max, window: Duration::HOUR };
    Hit { id: UuidV7Generator.next_id(), rule, subject: subject.to_owned(), at: NOW + after }
}

async fn passed(limiter: &RedisRateLimiter, subject: &str, max: u32, attempts: u32) -> u32 {
    let mut passed = 0;
    for _ in 0..attempts {
        passed += u32::from(limiter.acquire(&hit(subject, max, Duration::ZERO)).await == LimitVerdict::Allowed);
    }
    passed
}

fn nodes(redis: &RedisPool) -> [Arc<RedisRateLimiter>; 3] {
    [(); 3].map(|()| Arc::new(RedisRateLimiter::new(redis.clone())))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_parallel_hits_on_three_nodes_exactly_as_many_pass_as_may() {
    for redis in each_redis() {
        let nodes = nodes(&redis);
        for max in [1, 5, 20] {
            let subject = UuidV7Generator.next_id().to_string();
            let barrier = Arc::new(tokio::sync::Barrier::new(90));
            let hits: Vec<_> = (0..90)
                .map(|n| {
                    let (node, barrier) = (Arc::clone(&nodes[n % 3]), Arc::clone(&barrier));
                    let hit = hit(&subject, max, Duration::ZERO);
                    tokio::spawn(async move {
                        barrier.wait().await;
                        u32::from(node.acquire(&hit).await == LimitVerdict::Allowed)
                    })
                })
                .collect();
            let mut passed = 0;
            for hit in hits {
                passed += hit.await.unwrap();
            }
            assert_eq!(passed, max);
        }
    }
}

#[tokio::test]
async fn what_one_node_counts_and_takes_back_the_others_know() {
    for redis in each_redis() {
        let [one, other, third] = nodes(&redis);
        let subject = UuidV7Generator.next_id().to_string();
        let first = hit(&subject, 1, Duration::ZERO);
        assert_eq!(one.acquire(&first).await, LimitVerdict::Allowed);
        let wait = LimitVerdict::Refused { retry_after: Duration::minutes(50) };
        assert_eq!(other.acquire(&hit(&subject, 1, Duration::minutes(10))).await, wait);
        assert_eq!(third.peek(&hit(&subject, 1, Duration::minutes(10))).await, wait);
        third.refund(&first).await;
        assert_eq!(other.acquire(&hit(&subject, 1, Duration::minutes(10))).await, LimitVerdict::Allowed);
    }
}

#[tokio::test]
async fn a_node_whose_clock_is_far_ahead_frees_nobody() {
    for redis in each_redis() {
        let [one, other, fast] = nodes(&redis);
        let subject = UuidV7Generator.next_id().to_string();
        assert_eq!(passed(&one, &subject, 3, 4).await, 3);
        let ahead = || hit(&subject, 3, Duration::hours(1));
        // Many times as many as may pass: it takes most of them back, and still they are in nobody's place.
        for n in 0..12 {
            let hit = ahead();
            fast.acquire(&hit).await;
            if n > 0 {
                fast.refund(&hit).await;
            }
        }
        assert_eq!(passed(&one, &subject, 3, 3).await, 0, "the fast node has freed them");
        assert_eq!(passed(&other, &subject, 3, 3).await, 0, "the fast node has freed them");
        fast.acquire(&ahead()).await;
        assert_eq!(passed(&other, &subject, 3, 3).await, 0, "the fast node has freed them");
        // Nor does it keep anybody longer than a window from when its hits were seen.
        let later = hit(&subject, 3, Duration::hours(1) + Duration::SECOND);
        assert_eq!(other.acquire(&later).await, LimitVerdict::Allowed);
    }
}

#[tokio::test]
async fn a_hit_that_is_asked_for_twice_counts_once() {
    for redis in each_redis() {
        let subject = UuidV7Generator.next_id().to_string();
        let first = hit(&subject, 1, Duration::ZERO);
        for node in nodes(&redis) {
            // Three nodes stand for one that was not told that its question had been answered.
            assert_eq!(node.acquire(&first).await, LimitVerdict::Allowed);
        }
        let [node, ..] = nodes(&redis);
        assert_eq!(passed(&node, &subject, 1, 3).await, 0);
    }
}

#[tokio::test]
async fn keys_do_not_outlive_their_window() {
    let Some(server) = Server::start(&[]).await else { return };
    let limiter = RedisRateLimiter::new(server.pool());
    passed(&limiter, "192.0.2.0/24", 3, 5).await;
    let left: i64 = server.query("PTTL countersign:limit:login:192.0.2.0/24").await;
    assert!((3_500_000..=3_630_000).contains(&left), "{left}");
    assert_eq!(server.query::<i64>("ZCARD countersign:limit:login:192.0.2.0/24").await, 3);
    limiter.peek(&hit("198.51.100.0/24", 3, Duration::ZERO)).await;
    assert_eq!(server.query::<i64>("DBSIZE").await, 1, "asking leaves no key");
}

#[tokio::test]
async fn losing_redis_gives_nobody_more_than_the_limit_on_a_node() {
    let Some(mut server) = Server::start(&[]).await else { return };
    let redis = server.pool();
    let [one, other, _] = nodes(&redis);
    assert_eq!(passed(&one, "victim", 5, 3).await, 3);
    assert_eq!(passed(&other, "victim", 5, 1).await, 1);
    server.kill();
    assert_eq!(passed(&one, "victim", 5, 9).await, 2, "the node goes on from what it has let pass");
    assert_eq!(passed(&other, "victim", 5, 9).await, 4);
    server.start_again().await;
    eventually("it is used again", async || {
        one.acquire(&hit("other", 1_000_000, Duration::ZERO)).await;
        server.query::<i64>("DBSIZE").await > 0
    })
    .await;
    assert_eq!(passed(&one, "victim", 5, 9).await, 0, "an empty Redis does not start the window anew");
    assert_eq!(passed(&one, "newcomer", 5, 9).await, 5);
    assert_eq!(passed(&other, "newcomer", 5, 9).await, 0, "and counts for all nodes again");
}

#[tokio::test]
async fn a_full_redis_is_one_that_is_out() {
    let Some(server) = Server::start(&["--maxmemory-policy", "noeviction"]).await else { return };
    let limiter = RedisRateLimiter::new(server.pool());
    assert_eq!(passed(&limiter, "victim", 5, 3).await, 3);
    server.query::<()>("CONFIG SET maxmemory 1").await;
    assert_eq!(passed(&limiter, "victim", 5, 9).await, 2);
    assert_eq!(passed(&limiter, "newcomer", 5, 9).await, 5);
}

#[tokio::test]
async fn a_hit_whose_caller_leaves_before_the_verdict_is_taken_back() {
    let Some(server) = Server::start(&[]).await else { return };
    let limiter = RedisRateLimiter::new(server.pool());
    assert_eq!(passed(&limiter, "warm", 1, 1).await, 1);
    server.hang();
    let counting = hit("victim", 1, Duration::ZERO);
    let left = tokio::time::timeout(std::time::Duration::from_millis(50), limiter.acquire(&counting)).await;
    assert!(left.is_err(), "the server is hung");
    server.wake();
    eventually("it is taken back", async || {
        limiter.peek(&hit("victim", 1, Duration::ZERO)).await == LimitVerdict::Allowed
            && server.query::<String>("INFO commandstats").await.contains("cmdstat_zrem:calls=1")
    })
    .await;
    let told: String = server.query("INFO commandstats").await;
    assert!(told.contains("cmdstat_zadd:calls=2"), "it had been counted: {told}");
    assert_eq!(server.query::<i64>("EXISTS countersign:limit:login:victim").await, 0);
}
