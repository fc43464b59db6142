//! How often each limit refuses.

use async_trait::async_trait;
use countersign_application::ports::rate_limiter::{Hit, LimitVerdict, RateLimiter};
use metrics::counter;

/// Counts the refusals of a limiter, by the name of the limit.
pub struct CountedRateLimiter<L>(pub L);

fn count(hit: &Hit, verdict: LimitVerdict) -> LimitVerdict {
    if verdict != LimitVerdict::Allowed {
        counter!("countersign_rate_limit_refusals_total", "limit" => hit.rule.name).increment(1);
    }
    verdict
}

#[async_trait]
impl<L: RateLimiter> RateLimiter for CountedRateLimiter<L> {
    async fn acquire(&self, hit: &Hit) -> LimitVerdict {
        count(hit, self.0.acquire(hit).await)
    }

    async fn peek(&self, hit: &Hit) -> LimitVerdict {
        count(hit, self.0.peek(hit).await)
    }

    async fn refund(&self, hit: &Hit) {
        self.0.refund(hit).await;
    }
}

#[cfg(test)]
mod tests {
    use countersign_application::ports::rate_limiter::LimitRule;
    use countersign_application::testing::NOW;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use time::Duration;
    use uuid::Uuid;

    use super::*;
    use crate::rate_limit::MemoryRateLimiter;

    #[tokio::test]
    async fn refusals_are_counted_by_limit_and_the_limiter_works_as_ever() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _guard = metrics::set_default_local_recorder(&recorder);
        let limiter = CountedRateLimiter(MemoryRateLimiter::new(10));
        let rule = LimitRule { name: "login_ip", max: 1, window: Duration::MINUTE };
        let hit = Hit { id: Uuid::nil(), rule, subject: "192.0.2.0/24".to_owned(), at: NOW };
        assert_eq!(limiter.acquire(&hit).await, LimitVerdict::Allowed);
        assert_ne!(limiter.acquire(&hit).await, LimitVerdict::Allowed);
        assert_ne!(limiter.peek(&hit).await, LimitVerdict::Allowed);
        assert_ne!(limiter.peek(&hit).await, LimitVerdict::Allowed);
        limiter.refund(&hit).await;
        assert_eq!(limiter.peek(&hit).await, LimitVerdict::Allowed);
        let page = recorder.handle().render();
        assert!(page.contains(r#"countersign_rate_limit_refusals_total{limit="login_ip"} 3"#), "{page}");
        assert!(!page.contains("192.0.2"), "{page}");
    }
}
