//! What every `SnapshotCache` does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use countersign_application::ports::id_generator::IdGenerator as _;
use countersign_application::ports::snapshot_cache::{AccountCache, Lookup, Version};
use countersign_application::testing::{name, user};
use countersign_domain::ids::UserId;
use countersign_domain::user::User;
use countersign_infrastructure::cache::MemorySnapshotCache;
use countersign_infrastructure::system::UuidV7Generator;

use crate::redis::each_redis;

/// A key that nothing else uses.
fn key() -> UserId {
    UserId::new(UuidV7Generator.next_id())
}

/// The n-th state of a row.
fn state(n: u64) -> User {
    let mut user = user(1);
    user.last_name = name(&format!("Surname{n}"));
    user
}

async fn version(cache: &AccountCache, key: &UserId) -> Version {
    match cache.read(key).await {
        Lookup::Miss(Some(version)) => version,
        other => panic!("neither filled nor fenced was expected: {other:?}"),
    }
}

async fn filled(cache: &AccountCache, n: u64) -> UserId {
    let key = key();
    cache.fill(&key, version(cache, &key).await, state(n)).await;
    assert_eq!(cache.read(&key).await, Lookup::Hit(state(n)));
    key
}

async fn what_is_filled_is_found_under_its_own_key(cache: &AccountCache) {
    let (one, two) = (filled(cache, 1).await, filled(cache, 2).await);
    assert_eq!(cache.read(&one).await, Lookup::Hit(state(1)));
    assert_eq!(cache.read(&two).await, Lookup::Hit(state(2)));
}

async fn the_first_of_two_fills_of_one_version_stays(cache: &AccountCache) {
    let key = key();
    let seen = version(cache, &key).await;
    assert_eq!(version(cache, &key).await, seen, "nothing has happened in between");
    cache.fill(&key, seen, state(1)).await;
    cache.fill(&key, seen, state(2)).await;
    assert_eq!(cache.read(&key).await, Lookup::Hit(state(1)));
}

async fn a_fence_drops_the_entry_and_refuses_fills(cache: &AccountCache) {
    let key = filled(cache, 1).await;
    cache.fence(&key).await.unwrap();
    assert_eq!(cache.read(&key).await, Lookup::Miss(None));
    cache.lift(&key).await.unwrap();
    let after = version(cache, &key).await;
    cache.fill(&key, after, state(2)).await;
    assert_eq!(cache.read(&key).await, Lookup::Hit(state(2)));
}

async fn a_fill_from_before_the_fence_is_refused_during_and_after_it(cache: &AccountCache) {
    let key = key();
    let before = version(cache, &key).await;
    cache.fence(&key).await.unwrap();
    cache.fill(&key, before, state(1)).await;
    assert_eq!(cache.read(&key).await, Lookup::Miss(None));
    cache.lift(&key).await.unwrap();
    cache.fill(&key, before, state(1)).await;
    assert!(matches!(cache.read(&key).await, Lookup::Miss(Some(_))));
}

async fn a_lift_alone_makes_a_new_version_too(cache: &AccountCache) {
    let key = key();
    let before = version(cache, &key).await;
    cache.lift(&key).await.unwrap();
    cache.fill(&key, before, state(1)).await;
    assert_ne!(version(cache, &key).await, before);
    let key = filled(cache, 1).await;
    cache.lift(&key).await.unwrap();
    version(cache, &key).await;
}

async fn what_was_read_between_two_writes_is_refused(cache: &AccountCache) {
    let key = key();
    cache.fence(&key).await.unwrap();
    cache.lift(&key).await.unwrap();
    let between = version(cache, &key).await;
    cache.fence(&key).await.unwrap();
    cache.lift(&key).await.unwrap();
    cache.fill(&key, between, state(1)).await;
    assert!(matches!(cache.read(&key).await, Lookup::Miss(Some(_))));
}

/// A row that is written again and again, and readers who must never see a state older than one that was answered
/// before they began.
async fn no_reader_sees_a_state_older_than_the_last_answer(cache: Arc<AccountCache>, rounds: u64) {
    let key = key();
    let row = Arc::new(AtomicU64::new(0));
    let answered = Arc::new(AtomicU64::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (cache, row) = (Arc::clone(&cache), Arc::clone(&row));
            let (answered, done) = (Arc::clone(&answered), Arc::clone(&done));
            tokio::spawn(async move {
                let mut hits = 0_u64;
                while !done.load(Ordering::SeqCst) {
                    let least = answered.load(Ordering::SeqCst);
                    let (seen, hit) = load(&*cache, &key, &row).await;
                    assert!(seen >= least, "{seen} was read after {least} had been answered");
                    hits += u64::from(hit);
                    tokio::task::yield_now().await;
                }
                hits
            })
        })
        .collect();
    for n in 1..=rounds {
        cache.fence(&key).await.unwrap();
        tokio::task::yield_now().await;
        row.store(n, Ordering::SeqCst);
        cache.lift(&key).await.unwrap();
        answered.store(n, Ordering::SeqCst);
        if n % 4 == 0 {
            // Readers get a chance to find something.
            for _ in 0..2 {
                assert_eq!(load(&*cache, &key, &row).await.0, n);
            }
        }
    }
    done.store(true, Ordering::SeqCst);
    let mut hits = 0;
    for reader in readers {
        hits += reader.await.unwrap();
    }
    assert!(hits > 0, "the cache was of no use, so this proves nothing");
    assert_eq!(load(&*cache, &key, &row).await.0, rounds);
}

/// Reads as the application does: from the cache, else from the row, which is then filled in.
async fn load(cache: &AccountCache, key: &UserId, row: &AtomicU64) -> (u64, bool) {
    let version = match cache.read(key).await {
        Lookup::Hit(user) => return (number(&user), true),
        Lookup::Miss(version) => version,
    };
    let seen = row.load(Ordering::SeqCst);
    tokio::task::yield_now().await;
    if let Some(version) = version {
        cache.fill(key, version, state(seen)).await;
    }
    (seen, false)
}

fn number(user: &User) -> u64 {
    user.last_name.as_str().trim_start_matches("Surname").parse().unwrap()
}

async fn every_rule_holds(cache: Arc<AccountCache>, rounds: u64) {
    what_is_filled_is_found_under_its_own_key(&*cache).await;
    the_first_of_two_fills_of_one_version_stays(&*cache).await;
    a_fence_drops_the_entry_and_refuses_fills(&*cache).await;
    a_fill_from_before_the_fence_is_refused_during_and_after_it(&*cache).await;
    a_lift_alone_makes_a_new_version_too(&*cache).await;
    what_was_read_between_two_writes_is_refused(&*cache).await;
    no_reader_sees_a_state_older_than_the_last_answer(cache, rounds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_cache_in_memory_fulfils_the_contract() {
    every_rule_holds(Arc::new(MemorySnapshotCache::new(1_000)), 20_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_cache_in_redis_fulfils_the_contract() {
    for redis in each_redis() {
        every_rule_holds(Arc::new(crate::redis::cache::cache(&redis)), 1_000).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cache_in_memory_that_evicts_all_the_time_never_serves_an_old_state() {
    let cache: Arc<AccountCache> = Arc::new(MemorySnapshotCache::new(2));
    let noise = Arc::clone(&cache);
    let noise = tokio::spawn(async move {
        loop {
            drop(noise.read(&key()).await);
            tokio::task::yield_now().await;
        }
    });
    no_reader_sees_a_state_older_than_the_last_answer(cache, 20_000).await;
    noise.abort();
}
