//! The limiter of a single node, in the process.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use countersign_application::ports::rate_limiter::{Hit, LimitVerdict, RateLimiter};
use time::OffsetDateTime;

use crate::rate_limit::sliding_log::SlidingLog;

/// Counts exactly, in a log of times for each key. Each limit has room for a bounded number of keys, so that none pushes
/// out another's: those whose windows are over go first, then those less than half full, soonest over first, and only
/// then the others, least filled first. A flood of new keys does not clear the counter of somebody under attack.
pub struct MemoryRateLimiter {
    capacity: usize,
    tables: Mutex<HashMap<&'static str, Table>>,
}

/// The counters of one limit.
#[derive(Default)]
struct Table {
    counters: HashMap<Arc<str>, Counter>,
    /// Every key, by when its last hit leaves the window; the number tells keys of the same time apart.
    by_end: BTreeMap<(OffsetDateTime, u64), Arc<str>>,
    /// Every key, by how little would be lost with it.
    by_worth: BTreeMap<(usize, OffsetDateTime, u64), Arc<str>>,
    next: u64,
}

struct Counter {
    log: SlidingLog,
    /// 0 below half of the maximum, else the hits.
    worth: usize,
    end: OffsetDateTime,
    number: u64,
}

/// Keys of each limit that are forgotten with each counted hit if their windows are over: more than are added.
const SWEEP: usize = 2;

impl MemoryRateLimiter {
    /// Keeps at most this many keys of each limit, each a few dozen octets for every hit that its limit allows.
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), tables: Mutex::default() }
    }

    /// Keys at the moment; a gauge.
    pub fn keys(&self) -> usize {
        self.lock().values().map(|table| table.counters.len()).sum()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<&'static str, Table>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryRateLimiter {
    /// Room for 50,000 keys of each limit.
    fn default() -> Self {
        Self::new(50_000)
    }
}

#[async_trait]
impl RateLimiter for MemoryRateLimiter {
    async fn acquire(&self, hit: &Hit) -> LimitVerdict {
        let mut tables = self.lock();
        let verdict = judge(&mut tables, hit);
        if verdict == LimitVerdict::Allowed {
            for table in tables.values_mut() {
                table.sweep(hit.at);
            }
            tables.entry(hit.rule.name).or_default().count(hit, self.capacity);
        }
        verdict
    }

    async fn peek(&self, hit: &Hit) -> LimitVerdict {
        judge(&mut self.lock(), hit)
    }

    async fn refund(&self, hit: &Hit) {
        if let Some(table) = self.lock().get_mut(hit.rule.name) {
            table.refund(hit);
        }
    }
}

fn judge(tables: &mut HashMap<&'static str, Table>, hit: &Hit) -> LimitVerdict {
    match tables.get_mut(hit.rule.name).and_then(|table| table.counters.get_mut(hit.subject.as_str())) {
        Some(counter) => counter.log.judge(hit),
        None => SlidingLog::default().judge(hit),
    }
}

impl Table {
    fn count(&mut self, hit: &Hit, capacity: usize) {
        let subject = Arc::from(hit.subject.as_str());
        let mut log = self.take(&subject).map(|counter| counter.log).unwrap_or_default();
        while self.counters.len() >= capacity && self.evict(hit.at) {}
        let end = log.count(hit);
        self.put(subject, log, end, hit.rule.max);
    }

    fn refund(&mut self, hit: &Hit) {
        let Some(Counter { mut log, end, .. }) = self.take(&hit.subject) else { return };
        log.refund(hit.id);
        if !log.is_empty() {
            self.put(Arc::from(hit.subject.as_str()), log, end, hit.rule.max);
        }
    }

    /// Forgets a few keys whose windows are over.
    fn sweep(&mut self, now: OffsetDateTime) {
        for _ in 0..SWEEP {
            let Some(subject) = self.over(now) else { return };
            self.take(&subject);
        }
    }

    fn evict(&mut self, now: OffsetDateTime) -> bool {
        let least = self.over(now).or_else(|| self.by_worth.values().next().cloned());
        least.is_some_and(|subject| self.take(&subject).is_some())
    }

    /// A key whose window is over.
    fn over(&self, now: OffsetDateTime) -> Option<Arc<str>> {
        self.by_end.first_key_value().filter(|((end, _), _)| *end <= now).map(|(_, subject)| Arc::clone(subject))
    }

    fn put(&mut self, subject: Arc<str>, log: SlidingLog, end: OffsetDateTime, max: u32) {
        self.next += 1;
        let number = self.next;
        let half_full = u64::try_from(log.len()).unwrap_or(u64::MAX).saturating_mul(2) >= u64::from(max);
        let worth = if half_full { log.len() } else { 0 };
        self.by_end.insert((end, number), Arc::clone(&subject));
        self.by_worth.insert((worth, end, number), Arc::clone(&subject));
        self.counters.insert(subject, Counter { log, worth, end, number });
    }

    fn take(&mut self, subject: &str) -> Option<Counter> {
        let counter = self.counters.remove(subject)?;
        self.by_end.remove(&(counter.end, counter.number));
        self.by_worth.remove(&(counter.worth, counter.end, counter.number));
        Some(counter)
    }
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

    fn places(limiter: &MemoryRateLimiter) -> [usize; 2] {
        let tables = limiter.lock();
        [tables.values().map(|table| table.by_end.len()).sum(), tables.values().map(|table| table.by_worth.len()).sum()]
    }

    #[tokio::test]
    async fn a_flood_of_subjects_leaves_a_bounded_number_of_keys() {
        let limiter = MemoryRateLimiter::new(1_000);
        limiter.acquire(&hit("hour", 1, Duration::ZERO)).await;
        for n in 0..50_000 {
            assert_eq!(limiter.acquire(&hit("minute", n, Duration::ZERO)).await, LimitVerdict::Allowed);
        }
        assert_eq!(limiter.keys(), 1_000 + 1);
        assert_eq!(places(&limiter), [1_001, 1_001]);
        // The flood has pushed out its own kind only.
        assert_ne!(limiter.peek(&hit("hour", 1, Duration::ZERO)).await, LimitVerdict::Allowed);
    }

    fn nth_of_four(name: &'static str, subject: &str, n: u128) -> Hit {
        let rule = LimitRule { name, max: 4, window: Duration::HOUR };
        Hit { id: Uuid::from_u128(n), rule, subject: subject.to_owned(), at: NOW + Duration::milliseconds(1) }
    }

    #[tokio::test]
    async fn a_flood_does_not_clear_a_counter_that_is_half_full() {
        let limiter = MemoryRateLimiter::new(100);
        for (victim, hits) in [("full", 4), ("half", 2)] {
            for n in 0..hits {
                assert_eq!(limiter.acquire(&nth_of_four("login", victim, n)).await, LimitVerdict::Allowed);
            }
        }
        for n in 0..5_000 {
            limiter.acquire(&nth_of_four("login", &n.to_string(), 10)).await;
        }
        assert_eq!(limiter.keys(), 100);
        assert_ne!(limiter.peek(&nth_of_four("login", "full", 9)).await, LimitVerdict::Allowed);
        for n in 2..4 {
            assert_eq!(limiter.acquire(&nth_of_four("login", "half", n)).await, LimitVerdict::Allowed);
        }
        assert_ne!(limiter.peek(&nth_of_four("login", "half", 9)).await, LimitVerdict::Allowed);
    }

    #[tokio::test]
    async fn among_counters_that_are_half_full_the_least_filled_goes() {
        let limiter = MemoryRateLimiter::new(10);
        for n in 0..4 {
            limiter.acquire(&nth_of_four("login", "full", n)).await;
        }
        for subject in 0..500 {
            for n in 0..3 {
                limiter.acquire(&nth_of_four("login", &subject.to_string(), n)).await;
            }
        }
        assert_eq!(limiter.keys(), 10);
        assert_ne!(limiter.peek(&nth_of_four("login", "full", 9)).await, LimitVerdict::Allowed);
    }

    #[tokio::test]
    async fn a_limit_does_not_push_out_the_counters_of_another() {
        let limiter = MemoryRateLimiter::new(100);
        limiter.acquire(&nth_of_four("reset", "victim", 0)).await;
        for n in 0..1_000 {
            limiter.acquire(&nth_of_four("login", &n.to_string(), 10)).await;
        }
        for n in 1..4 {
            limiter.acquire(&nth_of_four("reset", "victim", n)).await;
        }
        assert_ne!(limiter.peek(&nth_of_four("reset", "victim", 9)).await, LimitVerdict::Allowed);
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
        assert_eq!(places(&limiter), [60, 60]);
    }

    #[tokio::test]
    async fn asking_and_refunding_leave_no_key() {
        let limiter = MemoryRateLimiter::new(1_000);
        limiter.peek(&hit("minute", 1, Duration::ZERO)).await;
        assert_eq!(limiter.keys(), 0);
        let first = hit("minute", 1, Duration::ZERO);
        limiter.acquire(&first).await;
        limiter.refund(&first).await;
        assert_eq!((limiter.keys(), places(&limiter)), (0, [0, 0]));
    }
}
