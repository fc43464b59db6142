//! What a request has counted, for when it is handled again.

use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ports::rate_limiter::{Hit, RateLimiter};

tokio::task_local! {
    static COUNTED: CountedHits;
}

/// The hits that are counted while a request is handled. One that is handled again, because others were in its way and
/// the database rolled it back, is to count once all the same.
#[derive(Clone, Default)]
pub struct CountedHits(Arc<Mutex<Vec<Counted>>>);

/// A hit, and who counted it.
type Counted = (Arc<dyn RateLimiter>, Hit);

impl CountedHits {
    /// Handles the request by this future, and notes what it counts.
    pub async fn of<F: Future>(&self, handling: F) -> F::Output {
        COUNTED.scope(self.clone(), handling).await
    }

    /// Takes back what was counted so far.
    pub async fn take_back(&self) {
        let hits = take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for (limiter, hit) in hits {
            limiter.refund(&hit).await;
        }
    }

    /// Notes a hit that was counted.
    pub(crate) fn note(limiter: &Arc<dyn RateLimiter>, hit: &Hit) {
        // Outside of a request nothing is handled again.
        let _noted = COUNTED.try_with(|Self(hits)| {
            hits.lock().unwrap_or_else(PoisonError::into_inner).push((Arc::clone(limiter), hit.clone()));
        });
    }
}
