//! What happened, for whoever reads the output.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::faults::ledger::say;

/// By name.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    counted: Mutex<BTreeMap<String, u64>>,
    longest: Mutex<Duration>,
}

impl Counts {
    pub(crate) fn add(&self, what: &str) {
        *self.counted.lock().unwrap().entry(what.to_owned()).or_default() += 1;
    }

    pub(crate) fn of(&self, what: &str) -> u64 {
        self.counted.lock().unwrap().get(what).copied().unwrap_or_default()
    }

    /// Takes note of how long somebody waited for an answer, whichever node gave it.
    pub(crate) fn waited(&self, time: Duration) {
        let mut longest = self.longest.lock().unwrap();
        *longest = time.max(*longest);
    }

    pub(crate) fn report(&self) {
        for (what, count) in self.counted.lock().unwrap().iter() {
            say(&format!("  {count} {what}"));
        }
        say(&format!("  longest wait for an answer: {:?}", self.longest.lock().unwrap()));
    }
}
