//! The limiter of a single node, in the process.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use countersign_application::ports::rate_limiter::{Hit, LimitVerdict, RateLimiter};
use time::OffsetDateTime;

use crate::rate_limit::sliding_log::SlidingLog;

/// Counts exactly, in a log of times for each key. The number of keys is bounded: those whose windows are over go first,
/// then those whose windows are over soonest, so that a flood of new networks pushes out other networks of that minute
/// and not the accounts of the hour.
pub struct MemoryRateLimiter {
    capacity: usize,
    table: Mutex<Table>,
}

type Key = (&'static str, String);

#[derive(Default)]
struct Table {
    counters: HashMap<Arc<Key>, Counter>,
    /// Every key, by when its last hit leaves the window; the number tells keys of the same time apart.
    order: BTreeMap<(OffsetDateTime, u64), Arc<Key>>,
    next: u64,
}

struct Counter {
    log: SlidingLog,
    place: (OffsetDateTime, u64),
}

/// Keys that are forgotten with each counted hit if their windows are over: more than are added.
const SWEEP: usize = 2;

impl MemoryRateLimiter {
    /// Keeps at most this many keys, each a few dozen octets for every hit that its limit allows.
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), table: Mutex::default() }
    }

    /// Keys at the moment; a gauge.
    pub fn keys(&self) -> usize {
        self.lock().counters.len()
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryRateLimiter {
    /// Room for 100,000 keys.
    fn default() -> Self {
        Self::new(100_000)
    }
}

#[async_trait]
impl RateLimiter for MemoryRateLimiter {
    async fn acquire(&self, hit: &Hit) -> LimitVerdict {
        let mut table = self.lock();
        let verdict = table.judge(hit);
        if verdict == LimitVerdict::Allowed {
            table.sweep(hit.at);
            table.count(hit, self.capacity);
        }
        verdict
    }

    async fn peek(&self, hit: &Hit) -> LimitVerdict {
        self.lock().judge(hit)
    }

    async fn refund(&self, hit: &Hit) {
        self.lock().refund(hit);
    }
}

impl Table {
    fn judge(&mut self, hit: &Hit) -> LimitVerdict {
        match self.counters.get_mut(&key(hit)) {
            Some(counter) => counter.log.judge(hit),
            None => SlidingLog::default().judge(hit),
        }
    }

    fn count(&mut self, hit: &Hit, capacity: usize) {
        let key = Arc::new(key(hit));
        let mut log = self.take(&key).unwrap_or_default();
        while self.counters.len() >= capacity
            && let Some((_, soonest)) = self.order.pop_first()
        {
            self.counters.remove(&soonest);
        }
        self.next += 1;
        let place = (log.count(hit), self.next);
        self.order.insert(place, Arc::clone(&key));
        self.counters.insert(key, Counter { log, place });
    }

    fn refund(&mut self, hit: &Hit) {
        let key = key(hit);
        let Some(counter) = self.counters.get_mut(&key) else { return };
        counter.log.refund(hit.id);
        if counter.log.is_empty() {
            self.take(&key);
        }
    }

    /// Forgets a few keys whose windows are over.
    fn sweep(&mut self, now: OffsetDateTime) {
        for _ in 0..SWEEP {
            let Some(first) = self.order.first_entry().filter(|first| first.key().0 <= now) else { return };
            self.counters.remove(&first.remove());
        }
    }

    fn take(&mut self, key: &Key) -> Option<SlidingLog> {
        let counter = self.counters.remove(key)?;
        self.order.remove(&counter.place);
        Some(counter.log)
    }
}

fn key(hit: &Hit) -> Key {
    (hit.rule.name, hit.subject.clone())
}

#[cfg(test)]
mod tests {
    use countersign_application::ports::rate_limiter::LimitRule;
    use countersign_application::testing::NOW;
    use time::Duration;
    use uuid::Uuid;

    use super::*;

    fn hit(name: &'static str, subject: u128, at: Duration) -> Hit {
        let window = if name == "minute" { Duration::MINUTE } else { Duration::HOUR };
        let rule = LimitRule { name, max: 1, window };
        Hit { id: Uuid::from_u128(subject), rule, subject: subject.to_string(), at: NOW + at }
    }

    #[tokio::test]
    async fn a_flood_of_subjects_leaves_a_bounded_number_of_keys() {
        let limiter = MemoryRateLimiter::new(1_000);
        limiter.acquire(&hit("hour", 1, Duration::ZERO)).await;
        for n in 0..50_000 {
            assert_eq!(limiter.acquire(&hit("minute", n, Duration::ZERO)).await, LimitVerdict::Allowed);
        }
        assert_eq!(limiter.keys(), 1_000);
        assert_eq!(limiter.lock().order.len(), 1_000);
        // The flood has pushed out its own kind only.
        assert_ne!(limiter.peek(&hit("hour", 1, Duration::ZERO)).await, LimitVerdict::Allowed);
    }

    #[tokio::test]
    async fn keys_whose_windows_are_over_are_forgotten_without_a_flood() {
        let limiter = MemoryRateLimiter::new(1_000);
        for n in 0..100 {
            limiter.acquire(&hit("minute", n, Duration::ZERO)).await;
        }
        for n in 100..160 {
            limiter.acquire(&hit("minute", n, Duration::MINUTE)).await;
        }
        assert_eq!(limiter.keys(), 60);
        assert_eq!(limiter.lock().order.len(), 60);
    }

    #[tokio::test]
    async fn asking_and_refunding_leave_no_key() {
        let limiter = MemoryRateLimiter::new(1_000);
        limiter.peek(&hit("minute", 1, Duration::ZERO)).await;
        assert_eq!(limiter.keys(), 0);
        let first = hit("minute", 1, Duration::ZERO);
        limiter.acquire(&first).await;
        limiter.refund(&first).await;
        assert_eq!((limiter.keys(), limiter.lock().order.len()), (0, 0));
    }
}
