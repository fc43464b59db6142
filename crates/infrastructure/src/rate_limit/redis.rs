//! The limiter that nodes share, and what holds on each node whatever becomes of it.

use std::sync::{Arc, LazyLock};
use std::time::Duration as StdDuration;

use async_trait::async_trait;
use countersign_application::ports::rate_limiter::{Hit, LimitVerdict, RateLimiter};
use deadpool_redis::redis::cmd;
use time::Duration;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use crate::rate_limit::memory::MemoryRateLimiter;
use crate::rate_limit::sliding_log::OVERTAKING;
use crate::redis::{LuaScript, RedisPool, Unavailable};

static COUNT: LazyLock<LuaScript> = LazyLock::new(|| LuaScript::new(include_str!("redis/count.lua")));

/// Counts in Redis, a sorted set for each key, judged and changed by one script; and beside it in the process, what this
/// node has let pass. A hit passes if both have room.
///
/// As long as Redis is well the process' own count is part of that of Redis, and so never the stricter one. While Redis is out it is what counts, and begins with all that this
/// node has let pass before. When Redis comes back empty it still counts: losing Redis never gives anybody more than
/// the limit on any one node.
pub struct RedisRateLimiter {
    shared: Arc<Shared>,
}

struct Shared {
    redis: RedisPool,
    own: MemoryRateLimiter,
}

#[derive(Clone, Copy)]
enum Mode {
    Ask,
    Count,
}

impl RedisRateLimiter {
    /// In this Redis.
    pub fn new(redis: RedisPool) -> Self {
        Self { shared: Arc::new(Shared { redis, own: MemoryRateLimiter::default() }) }
    }
}

#[async_trait]
impl RateLimiter for RedisRateLimiter {
    async fn acquire(&self, hit: &Hit) -> LimitVerdict {
        // By a task of its own: a caller that leaves in between must not leave a hit behind that nobody takes back.
        let (shared, owned) = (Arc::clone(&self.shared), hit.clone());
        let counting = tokio::spawn(async move { shared.acquire(&owned).await }.in_current_span());
        Counting { shared: Arc::clone(&self.shared), hit, task: Some(counting) }.verdict().await
    }

    async fn peek(&self, hit: &Hit) -> LimitVerdict {
        let own = self.shared.own.peek(hit).await;
        stricter(own, self.shared.judge(hit, Mode::Ask).await.unwrap_or(own))
    }

    async fn refund(&self, hit: &Hit) {
        self.shared.refund(hit).await;
    }
}

impl Shared {
    async fn acquire(&self, hit: &Hit) -> LimitVerdict {
        let own = self.own.acquire(hit).await;
        if own != LimitVerdict::Allowed {
            // Asked all the same: Redis, too, has to notice when clocks were set back.
            return stricter(own, self.judge(hit, Mode::Ask).await.unwrap_or(own));
        }
        match self.judge(hit, Mode::Count).await {
            Ok(LimitVerdict::Allowed) | Err(Unavailable) => LimitVerdict::Allowed,
            Ok(refused) => {
                self.own.refund(hit).await;
                refused
            }
        }
    }

    async fn judge(&self, hit: &Hit, mode: Mode) -> Result<LimitVerdict, Unavailable> {
        let counts = match mode {
            Mode::Ask => 0,
            Mode::Count => 1,
        };
        let at = hit.at.unix_timestamp_nanos() / 1_000_000;
        let (window, overtaking) = (hit.rule.window.whole_milliseconds(), OVERTAKING.whole_milliseconds());
        let numbers = [at, window, hit.rule.max.into(), overtaking, counts].map(|number| number.to_string());
        let [at, window, max, overtaking, counts] = numbers.each_ref().map(String::as_bytes);
        let id = hit.id.as_bytes().as_slice();
        let answer: i64 = self.redis.run(&COUNT, &key(hit), || [at, window, max, overtaking, counts, id]).await?;
        Ok(match u64::try_from(answer) {
            Ok(wait) => LimitVerdict::Refused { retry_after: saturating(StdDuration::from_millis(wait)) },
            Err(_negative) => LimitVerdict::Allowed,
        })
    }

    async fn refund(&self, hit: &Hit) {
        self.own.refund(hit).await;
        let (key, mut remove) = (key(hit), cmd("ZREM"));
        remove.arg(&key).arg(hit.id.as_bytes());
        // Where Redis is out the hit stays counted there until it leaves the window.
        drop(self.redis.query::<()>(&key, &remove).await);
    }
}

fn stricter(one: LimitVerdict, other: LimitVerdict) -> LimitVerdict {
    match (one, other) {
        (LimitVerdict::Refused { retry_after: one }, LimitVerdict::Refused { retry_after: other }) => {
            LimitVerdict::Refused { retry_after: one.max(other) }
        }
        (LimitVerdict::Allowed, verdict) | (verdict, LimitVerdict::Allowed) => verdict,
    }
}

fn key(hit: &Hit) -> String {
    format!("countersign:limit:{}:{}", hit.rule.name, hit.subject)
}

fn saturating(duration: StdDuration) -> Duration {
    Duration::try_from(duration).unwrap_or(Duration::MAX)
}

/// A hit that is being counted. Dropped before it was judged, it is taken back.
struct Counting<'a> {
    shared: Arc<Shared>,
    hit: &'a Hit,
    task: Option<JoinHandle<LimitVerdict>>,
}

impl Counting<'_> {
    async fn verdict(mut self) -> LimitVerdict {
        let verdict = match &mut self.task {
            Some(task) => task.await.ok(),
            None => None,
        };
        self.task = None;
        // The task ends without a verdict where the runtime ends, and the caller with it.
        verdict.unwrap_or(LimitVerdict::Refused { retry_after: Duration::SECOND })
    }
}

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        let Some(task) = self.task.take() else { return };
        let (shared, hit) = (Arc::clone(&self.shared), self.hit.clone());
        let taking_back = async move {
            if matches!(task.await, Ok(LimitVerdict::Allowed)) {
                shared.refund(&hit).await;
            }
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            drop(runtime.spawn(taking_back.in_current_span()));
        }
    }
}
