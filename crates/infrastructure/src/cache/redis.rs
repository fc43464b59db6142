//! The cache that nodes share.

mod key;
mod slot;
mod stored;

use std::marker::PhantomData;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use countersign_application::ports::secret_generator::SecretGenerator;
use countersign_application::ports::snapshot_cache::{ENTRY_LIFETIME, Lookup, SnapshotCache, Unconfirmed, Version};
use deadpool_redis::redis::cmd;

use crate::cache::redis::slot::Slot;
use crate::redis::{LuaScript, RedisPool, Unavailable};

pub use crate::cache::redis::key::CacheKey;
pub use crate::cache::redis::stored::Stored;

/// What is in the slot; an empty one, which lives its time from now on, is left where there was none.
static READ: LazyLock<LuaScript> = LazyLock::new(|| {
    LuaScript::new(
        "local slot = redis.call('GET', KEYS[1])
if slot then return slot end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]",
    )
});

/// Puts another slot in the place of this one, to live as long as this one would have.
static REPLACE: LazyLock<LuaScript> = LazyLock::new(|| {
    LuaScript::new(
        "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1",
    )
});

/// Copies in Redis, one key for each entry: every step is atomic and touches one key. A lookup that misses leaves an
/// empty slot with a version drawn at random, and a fill replaces that very slot or nothing: versions of two nodes, and
/// of before and after a Redis that lost everything, are never the same.
///
/// When Redis is out or refuses, whatever the reason, lookups miss, fills do nothing, and fences are unconfirmed.
pub struct RedisSnapshotCache<K, V> {
    redis: RedisPool,
    name: &'static str,
    secrets: Arc<dyn SecretGenerator>,
    entries: PhantomData<fn(K) -> V>,
}

impl<K: CacheKey, V: Stored> RedisSnapshotCache<K, V> {
    /// The cache of this name; no other kind of entry has the same.
    pub fn new(redis: RedisPool, name: &'static str, secrets: Arc<dyn SecretGenerator>) -> Self {
        Self { redis, name, secrets, entries: PhantomData }
    }

    /// The same for every version of the service: a fence of one must stop the fills of the other.
    fn key(&self, key: &K) -> String {
        format!("countersign:{}:{}", self.name, key.text())
    }

    fn new_version(&self) -> Version {
        Version(self.secrets.octets().iter().fold(0, |version, octet| version << 8 | u64::from(*octet)))
    }

    async fn look(&self, key: &K) -> Result<Lookup<V>, Unavailable> {
        let key = self.key(key);
        // Asked twice, of another version each time: what was taken for lost may arrive after an entry was given up, and the
        // slot that it leaves then is not the one that an answer before has named.
        let anew = || [Slot::Empty(self.new_version()).to_octets(), lifetime()];
        let found: Vec<u8> = self.redis.run(&READ, &key, anew).await?;
        match Slot::parse(&found) {
            Some(Slot::Filled(octets)) => {
                if let Some(value) = V::from_octets(octets) {
                    return Ok(Lookup::Hit(value));
                }
            }
            Some(Slot::Empty(version)) => return Ok(Lookup::Miss(Some(version))),
            Some(Slot::Fenced) => return Ok(Lookup::Miss(None)),
            None => {}
        }
        // Another version of the service wrote it.
        let version = self.new_version();
        let empty = Slot::Empty(version).to_octets();
        let replaced: bool = self.redis.run(&REPLACE, &key, || [&found[..], &empty[..]]).await?;
        Ok(Lookup::Miss(replaced.then_some(version)))
    }
}

fn lifetime() -> Vec<u8> {
    ENTRY_LIFETIME.whole_milliseconds().to_string().into_bytes()
}

#[async_trait]
impl<K, V> SnapshotCache<K, V> for RedisSnapshotCache<K, V>
where
    K: CacheKey + Send + Sync + 'static,
    V: Stored + Send + Sync + 'static,
{
    async fn read(&self, key: &K) -> Lookup<V> {
        self.look(key).await.unwrap_or(Lookup::Miss(None))
    }

    async fn fill(&self, key: &K, version: Version, value: V) {
        let Some(octets) = value.to_octets() else { return };
        let (empty, filled) = (Slot::Empty(version).to_octets(), Slot::Filled(&octets).to_octets());
        let filling = self.redis.run::<bool, _, _>(&REPLACE, &self.key(key), || [&empty[..], &filled[..]]).await;
        // It came too late, or Redis is out: the next lookup misses again.
        drop(filling);
    }

    async fn fence(&self, key: &K) -> Result<(), Unconfirmed> {
        let (key, mut set) = (self.key(key), cmd("SET"));
        set.arg(&key).arg(Slot::Fenced.to_octets()).arg("PX").arg(lifetime());
        self.redis.query(&key, &set).await.map_err(|_reported: Unavailable| Unconfirmed)
    }

    async fn lift(&self, key: &K) -> Result<(), Unconfirmed> {
        // A fill finds its slot no more, and the next lookup makes one of a new version. A server that has no memory
        // left to write still deletes.
        let (key, mut delete) = (self.key(key), cmd("DEL"));
        delete.arg(&key);
        self.redis.query(&key, &delete).await.map_err(|_reported: Unavailable| Unconfirmed)
    }
}
