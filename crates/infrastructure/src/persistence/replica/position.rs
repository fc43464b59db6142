//! How far a replica is behind.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Octets of the write-ahead log.
pub(crate) type Position = i64;

/// Of a replica that is further behind than so many looks it is enough to know that.
const KEPT: usize = 1_000;

/// Where the primary's log ended at which moment, as far as the replica has not got there yet.
#[derive(Debug, Default)]
pub(crate) struct Written {
    ahead: VecDeque<(Instant, Position)>,
    reached: Option<Instant>,
}

impl Written {
    /// The log ended there, asked at this moment.
    pub(crate) fn note(&mut self, asked: Instant, position: Position) {
        // Another primary may have begun before the end of its predecessor.
        while self.ahead.back().is_some_and(|(_, before)| *before > position) {
            self.ahead.pop_back();
        }
        if self.ahead.len() == KEPT {
            self.ahead.pop_front();
        }
        self.ahead.push_back((asked, position));
    }

    /// How long ago the replica, which has replayed so much, had the same as the primary, at the longest. None if it
    /// never had.
    pub(crate) fn lag(&mut self, now: Instant, replayed: Position) -> Option<Duration> {
        while let Some((asked, _)) = self.ahead.front().copied().filter(|(_, position)| *position <= replayed) {
            self.reached = Some(asked);
            self.ahead.pop_front();
        }
        self.age(now)
    }

    /// The same of a replica that was not asked now.
    pub(crate) fn age(&self, now: Instant) -> Option<Duration> {
        self.reached.map(|reached| now - reached)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_replica_is_as_old_as_the_last_end_of_the_log_that_it_has_reached() {
        let (start, mut written) = (Instant::now(), Written::default());
        written.note(start, 100);
        assert_eq!(written.lag(start, 99), None, "nothing is known of it yet");
        assert_eq!(written.lag(start + seconds(1), 100), Some(seconds(1)));
        written.note(start + seconds(2), 200);
        written.note(start + seconds(4), 300);
        assert_eq!(written.lag(start + seconds(5), 199), Some(seconds(5)));
        assert_eq!(written.lag(start + seconds(5), 250), Some(seconds(3)));
        assert_eq!(written.lag(start + seconds(6), 300), Some(seconds(2)));
    }

    #[test]
    fn while_nobody_writes_it_does_not_grow_old() {
        let (start, mut written) = (Instant::now(), Written::default());
        for second in 0..5 {
            written.note(start + seconds(second), 100);
            assert_eq!(written.lag(start + seconds(second), 100), Some(seconds(0)));
        }
    }

    #[test]
    fn a_new_primary_may_begin_before_the_end_of_the_old_one() {
        let (start, mut written) = (Instant::now(), Written::default());
        written.note(start, 500);
        written.note(start + seconds(1), 400);
        assert_eq!(written.lag(start + seconds(1), 400), Some(seconds(0)));
    }

    #[test]
    fn a_replica_that_stands_still_takes_no_more_and_more_room() {
        let (start, mut written) = (Instant::now(), Written::default());
        for n in 0..5_000 {
            written.note(start, n);
        }
        assert_eq!(written.ahead.len(), KEPT);
        assert_eq!(written.lag(start, 10), None);
    }
}
