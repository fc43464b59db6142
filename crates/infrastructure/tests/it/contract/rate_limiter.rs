//! What every `RateLimiter` does. A suite takes a fresh run's prefix, so that a shared store needs no clearing.

use std::sync::Arc;

use countersign_application::ports::id_generator::IdGenerator as _;
use countersign_application::ports::rate_limiter::{Hit, LimitRule, LimitVerdict, RateLimiter};
use countersign_infrastructure::rate_limit::{MemoryRateLimiter, RedisRateLimiter};
use countersign_infrastructure::system::UuidV7Generator;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::redis::each_redis;

const START: OffsetDateTime = datetime!(2026-01-02 03:04:05 UTC);
const WINDOW: Duration = Duration::MINUTE;

/// A subject that nothing else counts.
struct Subject(String);

impl Subject {
    fn new() -> Self {
        Self(UuidV7Generator.next_id().to_string())
    }

    fn hit(&self, max: u32, after: Duration) -> Hit {
        let rule = LimitRule { name: "contract", max, window: WINDOW };
        Hit { id: UuidV7Generator.next_id(), rule, subject: self.0.clone(), at: START + after }
    }
}

fn seconds(n: i64) -> Duration {
    Duration::seconds(n)
}

async fn allowed(limiter: &dyn RateLimiter, hit: &Hit) -> bool {
    limiter.acquire(hit).await == LimitVerdict::Allowed
}

async fn retry_after(limiter: &dyn RateLimiter, hit: &Hit) -> Option<Duration> {
    match limiter.acquire(hit).await {
        LimitVerdict::Allowed => None,
        LimitVerdict::Refused { retry_after } => Some(retry_after),
    }
}

async fn at_most_max_hits_count_in_any_window(limiter: &dyn RateLimiter) {
    let subject = Subject::new();
    // One a second for ten minutes: each that is allowed is the only third within the minute before it.
    let mut counted = Vec::new();
    for second in 0..600 {
        if allowed(limiter, &subject.hit(3, seconds(second))).await {
            counted.push(second);
        }
    }
    assert_eq!(counted.len(), 30, "three a minute, not fewer");
    for window in counted.windows(4) {
        assert!(window[3] - window[0] >= 60, "{window:?}");
    }
}

async fn a_hit_leaves_the_window_at_its_very_end(limiter: &dyn RateLimiter) {
    let subject = Subject::new();
    assert!(allowed(limiter, &subject.hit(1, Duration::ZERO)).await);
    assert!(!allowed(limiter, &subject.hit(1, WINDOW - Duration::MILLISECOND)).await);
    assert!(allowed(limiter, &subject.hit(1, WINDOW)).await);
    assert!(!allowed(limiter, &subject.hit(1, WINDOW + Duration::MILLISECOND)).await);
}

async fn a_refusal_says_when_there_is_room_and_does_not_count(limiter: &dyn RateLimiter) {
    let subject = Subject::new();
    assert!(allowed(limiter, &subject.hit(2, Duration::ZERO)).await);
    assert!(allowed(limiter, &subject.hit(2, seconds(10))).await);
    assert_eq!(retry_after(limiter, &subject.hit(2, seconds(20))).await, Some(seconds(40)));
    for second in 21..60 {
        assert!(!allowed(limiter, &subject.hit(2, seconds(second))).await);
    }
    assert!(allowed(limiter, &subject.hit(2, seconds(60))).await);
    assert_eq!(retry_after(limiter, &subject.hit(2, seconds(60))).await, Some(seconds(10)));
}

async fn asking_does_not_count(limiter: &dyn RateLimiter) {
    let subject = Subject::new();
    for _ in 0..10 {
        assert_eq!(limiter.peek(&subject.hit(1, Duration::ZERO)).await, LimitVerdict::Allowed);
    }
    assert!(allowed(limiter, &subject.hit(1, Duration::ZERO)).await);
    let refused = LimitVerdict::Refused { retry_after: seconds(59) };
    assert_eq!(limiter.peek(&subject.hit(1, seconds(1))).await, refused);
}

async fn a_refund_gives_back_its_own_hit_once(limiter: &dyn RateLimiter) {
    let subject = Subject::new();
    let (first, second) = (subject.hit(2, Duration::ZERO), subject.hit(2, seconds(10)));
    assert!(allowed(limiter, &first).await);
    assert!(allowed(limiter, &second).await);
    limiter.refund(&second).await;
    limiter.refund(&second).await;
    limiter.refund(&subject.hit(2, Duration::ZERO)).await;
    assert!(allowed(limiter, &subject.hit(2, seconds(20))).await);
    assert_eq!(retry_after(limiter, &subject.hit(2, seconds(20))).await, Some(seconds(40)));
    limiter.refund(&Subject::new().hit(2, Duration::ZERO)).await;
}

async fn subjects_and_limits_do_not_share(limiter: &dyn RateLimiter) {
    let (one, other) = (Subject::new(), Subject::new());
    assert!(allowed(limiter, &one.hit(1, Duration::ZERO)).await);
    assert!(allowed(limiter, &other.hit(1, Duration::ZERO)).await);
    let mut elsewhere = one.hit(1, Duration::ZERO);
    elsewhere.rule.name = "another";
    assert!(allowed(limiter, &elsewhere).await);
    assert!(!allowed(limiter, &one.hit(1, Duration::ZERO)).await);
}

async fn a_clock_that_is_set_back_neither_frees_nor_freezes(limiter: &dyn RateLimiter) {
    let subject = Subject::new();
    for _ in 0..2 {
        assert!(allowed(limiter, &subject.hit(2, Duration::HOUR)).await);
    }
    assert!(!allowed(limiter, &subject.hit(2, Duration::ZERO)).await, "the hits still count");
    let again = retry_after(limiter, &subject.hit(2, seconds(1))).await;
    assert!(again.is_some_and(|wait| wait > Duration::ZERO && wait <= WINDOW), "{again:?}");
    assert!(allowed(limiter, &subject.hit(2, seconds(61))).await, "and leave a window later");
}

async fn a_hit_that_was_overtaken_does_not_reopen_the_window(limiter: &dyn RateLimiter) {
    let subject = Subject::new();
    assert!(allowed(limiter, &subject.hit(2, seconds(2))).await);
    assert!(allowed(limiter, &subject.hit(2, seconds(1))).await);
    assert!(!allowed(limiter, &subject.hit(2, Duration::ZERO)).await);
    assert!(!allowed(limiter, &subject.hit(2, seconds(60))).await);
    assert!(allowed(limiter, &subject.hit(2, seconds(62))).await);
}

async fn parallel_hits_are_counted_exactly(limiter: Arc<dyn RateLimiter>) {
    for _ in 0..20 {
        let subject = Arc::new(Subject::new());
        let barrier = Arc::new(tokio::sync::Barrier::new(100));
        let hits: Vec<_> = (0..100)
            .map(|n| {
                let (limiter, subject, barrier) = (Arc::clone(&limiter), Arc::clone(&subject), Arc::clone(&barrier));
                tokio::spawn(async move {
                    let hit = subject.hit(5, Duration::milliseconds(n % 7));
                    barrier.wait().await;
                    allowed(&*limiter, &hit).await
                })
            })
            .collect();
        let mut counted = 0;
        for hit in hits {
            counted += u32::from(hit.await.unwrap());
        }
        assert_eq!(counted, 5);
    }
}

async fn every_rule_holds(limiter: Arc<dyn RateLimiter>) {
    at_most_max_hits_count_in_any_window(&*limiter).await;
    a_hit_leaves_the_window_at_its_very_end(&*limiter).await;
    a_refusal_says_when_there_is_room_and_does_not_count(&*limiter).await;
    asking_does_not_count(&*limiter).await;
    a_refund_gives_back_its_own_hit_once(&*limiter).await;
    subjects_and_limits_do_not_share(&*limiter).await;
    a_clock_that_is_set_back_neither_frees_nor_freezes(&*limiter).await;
    a_hit_that_was_overtaken_does_not_reopen_the_window(&*limiter).await;
    parallel_hits_are_counted_exactly(limiter).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_limiter_in_memory_fulfils_the_contract() {
    every_rule_holds(Arc::new(MemoryRateLimiter::default())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_limiter_in_redis_fulfils_the_contract() {
    for redis in each_redis() {
        every_rule_holds(Arc::new(RedisRateLimiter::new(redis))).await;
    }
}
