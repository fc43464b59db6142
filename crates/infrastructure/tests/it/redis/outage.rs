//! What an outage costs, and how it ends.

use std::time::{Duration, Instant};

use countersign_application::ports::dependency_probe::DependencyProbe as _;
use countersign_application::ports::snapshot_cache::{Lookup, SnapshotCache as _, Unconfirmed};
use countersign_application::testing::user;
use countersign_infrastructure::redis::{RedisOptions, RedisPool};

use crate::redis::cache::{Cache, cache, key};
use crate::redis::server::{Server, eventually};

/// More than the longest that a call may take, by what a busy machine adds.
const BOUND: Duration = Duration::from_secs(2);

async fn is_used(cache: &Cache) -> bool {
    let key = key();
    let Lookup::Miss(Some(version)) = cache.read(&key).await else { return false };
    cache.fill(&key, version, user(1)).await;
    cache.read(&key).await == Lookup::Hit(user(1))
}

/// How long calls take that Redis does not answer.
async fn calls(cache: &Cache, number: usize) -> Vec<Duration> {
    let mut took = Vec::new();
    for _ in 0..number {
        let begun = Instant::now();
        assert_eq!(cache.read(&key()).await, Lookup::Miss(None));
        assert_eq!(cache.fence(&key()).await, Err(Unconfirmed));
        took.push(begun.elapsed());
    }
    took
}

/// How many of them waited for nothing.
fn at_once(calls: &[Duration]) -> usize {
    calls.iter().filter(|took| **took < Duration::from_millis(50)).count()
}

/// Each ends in time, and from the sixth on none takes any at all, but for one a second.
async fn every_call_is_bounded(cache: &Cache) {
    let calls = calls(cache, 60).await;
    assert!(calls.iter().all(|took| *took < BOUND), "{calls:?}");
    assert!(at_once(&calls) >= 45, "the circuit stays closed: {calls:?}");
}

#[tokio::test]
async fn a_server_that_hangs_costs_little_and_is_used_again_once_it_goes_on() {
    let Some(server) = Server::start(&[]).await else { return };
    let redis = server.hasty_pool();
    let cache = cache(&redis);
    eventually("it is used", async || is_used(&cache).await).await;
    assert!(redis.probe().check().await.is_ok());
    server.hang();
    every_call_is_bounded(&cache).await;
    assert!(redis.probe().check().await.is_err());
    server.wake();
    eventually("it is used again", async || is_used(&cache).await).await;
    assert!(redis.probe().check().await.is_ok());
}

/// It can be read all the while, which is not to hide that it takes nothing.
#[tokio::test]
async fn a_server_that_takes_no_writes_is_given_up_until_it_does() {
    for (refusing, taking) in [
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
        // Another one is the primary now, and this one follows it.
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
    ] {
        let Some(server) = Server::start(&["--maxmemory-policy", "noeviction"]).await else { return };
        let redis = server.hasty_pool();
        let cache = cache(&redis);
        eventually("it is used", async || is_used(&cache).await).await;
        server.query::<()>(refusing).await;
        assert!(redis.probe().check().await.is_err(), "{refusing}: readiness does not notice");
        assert!(!redis.is_asked(), "{refusing}: one such answer is enough");
        let until = Instant::now() + Duration::from_secs(3);
        while Instant::now() < until {
            assert_eq!(cache.read(&key()).await, Lookup::Miss(None), "{refusing}: it is read");
            assert!(redis.probe().check().await.is_err() && !redis.is_asked(), "{refusing}: it counts as back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(redis.examine().await.is_err(), "{refusing}: whoever looks after it is not told");
        server.query::<()>(taking).await;
        eventually("it is used again", async || is_used(&cache).await).await;
        assert!(redis.is_asked() && redis.examine().await.is_ok(), "{taking}");
    }
}

#[tokio::test]
async fn a_server_that_is_killed_is_used_again_once_it_is_back() {
    let Some(mut server) = Server::start(&[]).await else { return };
    let cache = cache(&server.hasty_pool());
    eventually("it is used", async || is_used(&cache).await).await;
    server.kill();
    every_call_is_bounded(&cache).await;
    server.start_again().await;
    eventually("it is used again", async || is_used(&cache).await).await;
}

#[tokio::test]
async fn a_restart_between_two_calls_is_not_noticed() {
    let Some(mut server) = Server::start(&[]).await else { return };
    let cache = cache(&server.pool());
    assert!(is_used(&cache).await);
    server.kill();
    server.start_again().await;
    assert_eq!(cache.fence(&key()).await, Ok(()), "sent again on a new connection");
    server.query::<()>("CLIENT KILL TYPE normal").await;
    assert!(is_used(&cache).await);
}

#[tokio::test]
async fn a_server_that_was_away_at_the_start_is_used_once_it_is_there() {
    let Some(mut server) = Server::start(&[]).await else { return };
    server.kill();
    let redis = server.hasty_pool();
    redis.greet().await;
    let cache = cache(&redis);
    assert!(at_once(&calls(&cache, 10).await) >= 5, "it was found out already");
    server.start_again().await;
    eventually("it is used", async || is_used(&cache).await).await;
}

#[tokio::test]
async fn answers_reach_who_asked_though_others_left_before_theirs_came() {
    let Some(server) = Server::start(&[]).await else { return };
    let cache = cache(&server.pool());
    let (kept, left) = (key(), key());
    for (key, n) in [(kept, 1), (left, 2)] {
        let Lookup::Miss(Some(version)) = cache.read(&key).await else { panic!("nothing was filled in yet") };
        cache.fill(&key, version, user(n)).await;
    }
    for _ in 0..20 {
        server.hang();
        for _ in 0..10 {
            let asked = tokio::time::timeout(Duration::from_millis(1), cache.read(&left)).await;
            assert!(asked.is_err(), "the server is hung");
        }
        server.wake();
        assert_eq!(cache.read(&kept).await, Lookup::Hit(user(1)));
    }
}

#[tokio::test]
async fn user_and_password_of_the_url_are_used_and_a_wrong_one_is_an_outage() {
    let Some(server) = Server::start(&[]).await else { return };
    server.query::<()>("ACL SETUSER node on >open-sesame ~countersign:* +@all").await;
    server.query::<()>("CONFIG SET requirepass another").await;
    let at = |credentials: &str| server.url().replace("://", &format!("://{credentials}@"));
    let pool = |url: &str| RedisPool::new(url, RedisOptions { answer: BOUND, connect: BOUND }).unwrap();
    assert!(is_used(&cache(&pool(&at("node:open-sesame")))).await);
    assert!(is_used(&cache(&pool(&at(":another")))).await);
    for credentials in ["node:wrong", ":wrong", "nobody:open-sesame"] {
        assert!(!is_used(&cache(&pool(&at(credentials)))).await, "{credentials}");
    }
}

#[test]
fn a_url_that_is_none_is_refused_without_being_repeated() {
    for url in [
        "redis://:hunter2@",
        "redis://user:hunter2@host:port",
        "http://hunter2",
        "redis://a,redis://:hunter2@b:port",
        "",
    ] {
        let refused = RedisPool::new(url, RedisOptions::default()).unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("hunter2"), "{refused}");
    }
    let pool = RedisPool::new("redis://:hunter2@127.0.0.1", RedisOptions::default()).unwrap();
    assert!(!format!("{pool:?}").contains("hunter2"));
}
