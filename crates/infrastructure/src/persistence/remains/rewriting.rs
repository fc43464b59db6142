//! When the database is written anew.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use time::{Duration, OffsetDateTime};

/// Shortest time between two writings. Nobody else writes meanwhile, and whoever deletes accounts one after the other
/// could hold everybody up for a good part of each round.
const PERIOD: Duration = Duration::HOUR;

/// Whether that is owed, and when it was last done. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rewriting(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    owed: bool,
    done: Option<OffsetDateTime>,
}

impl Rewriting {
    pub(crate) fn owe(&self) {
        self.state().owed = true;
    }

    /// Whether it is owed and has waited long enough. A clock that was set back makes nobody wait for it.
    pub(crate) fn is_due(&self, now: OffsetDateTime) -> bool {
        let state = self.state();
        state.owed && !state.done.is_some_and(|done| done <= now && now - done < PERIOD)
    }

    pub(crate) fn done(&self, now: OffsetDateTime) {
        *self.state() = State { owed: false, done: Some(now) };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use countersign_application::testing::NOW;

    use super::*;

    #[test]
    fn it_is_done_once_an_hour_and_stays_owed_until_then() {
        let rewriting = Rewriting::default();
        assert!(!rewriting.is_due(NOW), "nobody owes it yet");
        rewriting.owe();
        assert!(rewriting.is_due(NOW));
        rewriting.done(NOW);
        assert!(!rewriting.is_due(NOW + PERIOD));
        rewriting.owe();
        assert!(!rewriting.is_due(NOW) && !rewriting.is_due(NOW + PERIOD - Duration::MILLISECOND));
        assert!(rewriting.is_due(NOW + PERIOD));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_put_it_off() {
        let rewriting = Rewriting::default();
        rewriting.done(NOW);
        rewriting.owe();
        assert!(rewriting.is_due(NOW - Duration::DAY));
    }
}
