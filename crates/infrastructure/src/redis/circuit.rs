//! When not to ask Redis.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Calls in a row that fail before none is made any more.
const FAILURES: u32 = 5;
/// How long then until one is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Opens after several failures in a row; then lets one trial through a second, until one succeeds. So an outage costs
/// every request nothing but what it takes from the database instead.
#[derive(Debug, Default)]
pub(crate) struct Circuit(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// When the next call is let through. `None` while all are.
    next_trial: Option<Instant>,
}

impl Circuit {
    /// Whether a call may be made now. While the circuit is open, whoever is let through is alone for a pause: also a
    /// caller that leaves without having said how it went does not keep the circuit open for ever.
    pub(crate) fn admits(&self, now: Instant) -> bool {
        let mut state = self.lock();
        match state.next_trial {
            Some(next_trial) if now < next_trial => false,
            Some(_) => {
                state.next_trial = Some(now + PAUSE);
                true
            }
            None => true,
        }
    }

    /// A call succeeded. Says whether that closes the circuit.
    pub(crate) fn succeeded(&self) -> bool {
        let mut state = self.lock();
        state.failures = 0;
        state.next_trial.take().is_some()
    }

    /// A call failed. Says whether that opens the circuit.
    pub(crate) fn failed(&self, now: Instant) -> bool {
        let mut state = self.lock();
        state.failures = state.failures.saturating_add(1);
        let opens = state.next_trial.is_none() && state.failures >= FAILURES;
        if opens {
            state.next_trial = Some(now + PAUSE);
        }
        opens
    }

    /// Opens the circuit without waiting for more failures. Says whether it was closed.
    pub(crate) fn open(&self, now: Instant) -> bool {
        let mut state = self.lock();
        state.failures = FAILURES;
        state.next_trial.replace(now + PAUSE).is_none()
    }

    /// Whether it is open.
    pub(crate) fn is_open(&self) -> bool {
        self.lock().next_trial.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(at: Instant) -> Circuit {
        let circuit = Circuit::default();
        let opened: Vec<bool> = (0..FAILURES).map(|_| circuit.failed(at)).collect();
        assert_eq!(opened, [false, false, false, false, true], "it opens once, and is told once");
        circuit
    }

    #[test]
    fn it_opens_after_failures_in_a_row_only() {
        let (circuit, now) = (Circuit::default(), Instant::now());
        for _ in 0..20 {
            for _ in 1..FAILURES {
                assert!(!circuit.failed(now));
            }
            assert!(!circuit.succeeded(), "it was closed all the time");
        }
        assert!(circuit.admits(now) && !circuit.is_open());
    }

    #[test]
    fn while_open_it_lets_one_call_through_each_pause() {
        let now = Instant::now();
        let circuit = opened(now);
        assert!(!circuit.admits(now) && !circuit.admits(now + Duration::from_millis(999)));
        for trial in 1..4 {
            // Nobody says how the trial went: the next pause has another one.
            let at = now + PAUSE * trial;
            assert!(circuit.admits(at));
            assert!(!circuit.admits(at) && !circuit.admits(at + Duration::from_millis(999)));
        }
    }

    #[test]
    fn a_trial_that_fails_keeps_it_open_without_saying_so_again() {
        let now = Instant::now();
        let circuit = opened(now);
        assert!(circuit.admits(now + PAUSE));
        assert!(!circuit.failed(now + PAUSE));
        assert!(circuit.is_open() && !circuit.admits(now + PAUSE));
    }

    #[test]
    fn a_success_closes_it_and_is_told_once() {
        let now = Instant::now();
        let circuit = opened(now);
        assert!(circuit.admits(now + PAUSE));
        assert!(circuit.succeeded());
        assert!(!circuit.succeeded());
        assert!(circuit.admits(now + PAUSE) && circuit.admits(now + PAUSE));
        assert!(!circuit.failed(now), "and counts from nought");
    }

    #[test]
    fn it_can_be_opened_at_once() {
        let (circuit, now) = (Circuit::default(), Instant::now());
        assert!(circuit.open(now));
        assert!(!circuit.open(now) && !circuit.admits(now));
        assert!(circuit.succeeded());
    }
}
