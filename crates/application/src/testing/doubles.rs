//! A clock that stands still, ids that count, secrets that can be foretold.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::ports::clock::Clock;
use crate::ports::id_generator::IdGenerator;
use crate::ports::secret_generator::SecretGenerator;

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct FixedClock(Mutex<OffsetDateTime>);

impl FixedClock {
    /// Stands at this time.
    pub fn at(now: OffsetDateTime) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves on.
    pub fn advance(&self, by: Duration) {
        *self.lock() += by;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, OffsetDateTime> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for FixedClock {
    fn now(&self) -> OffsetDateTime {
        *self.lock()
    }
}

/// Ids 1, 2, 3, … in the last digits of a UUID of version 7.
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl IdGenerator for SequentialIds {
    fn next_id(&self) -> Uuid {
        let n = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(n))
    }
}

/// Thirty-two octets of 1, then of 2, and so on.
#[derive(Debug, Default)]
pub struct PredictableSecrets(AtomicU8);

impl SecretGenerator for PredictableSecrets {
    fn octets(&self) -> [u8; 32] {
        [self.0.fetch_add(1, Ordering::Relaxed) + 1; 32]
    }
}
