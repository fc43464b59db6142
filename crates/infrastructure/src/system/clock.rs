//! The system's clock.

use countersign_application::ports::clock::Clock;
use time::OffsetDateTime;

/// Tells the system's time in UTC, in whole milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's time")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc().truncate_to_millisecond()
    }
}

#[cfg(test)]
mod tests {
    use time::UtcOffset;

    use super::*;

    #[test]
    fn the_time_is_utc_in_whole_milliseconds() {
        for _ in 0..100 {
            let now = SystemClock.now();
            assert_eq!(now.nanosecond() % 1_000_000, 0);
            assert_eq!(now.offset(), UtcOffset::UTC);
        }
    }
}
