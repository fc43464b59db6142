//! The cache when several nodes, or Redis itself, do the unexpected.

use std::sync::Arc;

use countersign_application::ports::id_generator::IdGenerator as _;
use countersign_application::ports::snapshot_cache::{AccountCache, Lookup, SnapshotCache as _, Unconfirmed, Version};
use countersign_application::testing::user;
use countersign_domain::ids::UserId;
use countersign_domain::user::User;
use countersign_infrastructure::cache::RedisSnapshotCache;
use countersign_infrastructure::redis::RedisPool;
use countersign_infrastructure::system::{SystemSecretGenerator, UuidV7Generator};

use crate::redis::server::eventually;
use crate::redis::{Server, each_redis};

pub(crate) type Cache = RedisSnapshotCache<UserId, User>;

pub(crate) fn cache(redis: &RedisPool) -> Cache {
    Cache::new(redis.clone(), "account", Arc::new(SystemSecretGenerator))
}

pub(crate) fn key() -> UserId {
    UserId::new(UuidV7Generator.next_id())
}

async fn version(cache: &AccountCache, key: &UserId) -> Version {
    match cache.read(key).await {
        Lookup::Miss(Some(version)) => version,
        other => panic!("neither filled nor fenced was expected: {other:?}"),
    }
}

#[tokio::test]
async fn a_fill_that_one_node_began_before_another_wrote_is_refused() {
    for redis in each_redis() {
        let [reader, writer] = [cache(&redis), cache(&redis)];
        let key = key();
        let before = version(&reader, &key).await;
        writer.fence(&key).await.unwrap();
        reader.fill(&key, before, user(1)).await;
        assert_eq!(reader.read(&key).await, Lookup::Miss(None), "during the write");
        writer.lift(&key).await.unwrap();
        reader.fill(&key, before, user(1)).await;
        let after = version(&reader, &key).await;
        reader.fill(&key, before, user(1)).await;
        assert_eq!(version(&writer, &key).await, after, "after it");
    }
}

#[tokio::test]
async fn a_fill_that_began_before_everything_was_lost_is_refused() {
    let Some(server) = Server::start(&[]).await else { return };
    let cache = cache(&server.pool());
    let key = key();
    let before = version(&cache, &key).await;
    server.query::<()>("FLUSHALL").await;
    cache.fill(&key, before, user(1)).await;
    let after = version(&cache, &key).await;
    assert_ne!(after, before);
    cache.fill(&key, before, user(1)).await;
    assert_eq!(version(&cache, &key).await, after);
    server.query::<()>("SCRIPT FLUSH").await;
    cache.fill(&key, after, user(2)).await;
    assert_eq!(cache.read(&key).await, Lookup::Hit(user(2)), "and the next is not");
}

#[tokio::test]
async fn what_is_kept_dies_a_lifetime_after_its_version_was_read() {
    let Some(server) = Server::start(&[]).await else { return };
    let cache = cache(&server.pool());
    let key = key();
    let left = async || server.query::<i64>(&format!("PTTL countersign:account:{key}")).await;
    let seen = version(&cache, &key).await;
    let empty = left().await;
    assert!((1..=5_000).contains(&empty), "{empty}");
    // As if the database had taken its time.
    server.query::<()>(&format!("PEXPIRE countersign:account:{key} 900")).await;
    cache.fill(&key, seen, user(1)).await;
    assert_eq!(cache.read(&key).await, Lookup::Hit(user(1)));
    let filled = left().await;
    assert!((1..=900).contains(&filled), "the fill has lengthened its life: {filled}");
    eventually("the entry is gone", async || matches!(cache.read(&key).await, Lookup::Miss(Some(_)))).await;
    cache.fence(&key).await.unwrap();
    let fenced = left().await;
    assert!((1..=5_000).contains(&fenced), "{fenced}");
}

#[tokio::test]
async fn what_another_version_of_the_service_wrote_is_a_miss_that_can_be_filled() {
    let Some(server) = Server::start(&[]).await else { return };
    let cache = cache(&server.pool());
    for foreign in ["=2{}", "=1{\"id\":7}", "?", "-short"] {
        let key = key();
        server.query::<()>(&format!("SET countersign:account:{key} {foreign} PX 5000")).await;
        let seen = version(&cache, &key).await;
        cache.fill(&key, seen, user(1)).await;
        assert_eq!(cache.read(&key).await, Lookup::Hit(user(1)), "{foreign}");
        let left: i64 = server.query(&format!("PTTL countersign:account:{key}")).await;
        assert!((1..=5_000).contains(&left), "{foreign}: {left}");
    }
}

#[tokio::test]
async fn without_memory_left_lookups_miss_and_fences_are_unconfirmed_until_there_is_some() {
    let Some(server) = Server::start(&["--maxmemory-policy", "noeviction"]).await else { return };
    let cache = cache(&server.pool());
    let filled = key();
    cache.fill(&filled, version(&cache, &filled).await, user(1)).await;
    server.query::<()>("CONFIG SET maxmemory 1").await;
    assert_eq!(cache.read(&filled).await, Lookup::Hit(user(1)), "what is there can still be read");
    assert_eq!(cache.read(&key()).await, Lookup::Miss(None));
    assert_eq!(cache.fence(&filled).await, Err(Unconfirmed));
    assert_eq!(
        cache.lift(&filled).await,
        Err(Unconfirmed),
        "it is given up, for what it says is not what others wrote"
    );
    assert_eq!(cache.read(&filled).await, Lookup::Miss(None));
    server.query::<()>("CONFIG SET maxmemory 0").await;
    eventually("it is used again", async || cache.fence(&filled).await.is_ok()).await;
}

#[tokio::test]
async fn a_replica_that_may_not_be_written_confirms_nothing() {
    let Some(server) = Server::start(&[]).await else { return };
    let cache = cache(&server.pool());
    let key = key();
    version(&cache, &key).await;
    server.query::<()>("REPLICAOF 127.0.0.1 1").await;
    assert_eq!(cache.fence(&key).await, Err(Unconfirmed));
    assert_eq!(cache.lift(&key).await, Err(Unconfirmed));
    server.query::<()>("REPLICAOF NO ONE").await;
    eventually("it is used again", async || cache.fence(&key).await.is_ok()).await;
}
