//! When the keys were replaced at once, and which tokens are refused therefore.

use std::sync::Mutex;
use std::time::Instant;

/// A rotation that refuses every older key: while the command runs, nodes take notice one by one.
#[derive(Clone, Copy, Debug)]
struct Compromise {
    begun: Instant,
    ended: Option<Instant>,
}

#[derive(Debug, Default)]
pub(crate) struct Compromises(Mutex<Vec<Compromise>>);

impl Compromises {
    /// Runs the command.
    pub(crate) fn during(&self, command: impl FnOnce()) {
        self.0.lock().unwrap().push(Compromise { begun: Instant::now(), ended: None });
        command();
        self.0.lock().unwrap().last_mut().unwrap().ended = Some(Instant::now());
    }

    /// Whether a token that came at this time may be refused by an answer that came at that time.
    pub(crate) fn may_refuse(&self, token: Instant, answered: Instant) -> bool {
        let all = self.0.lock().unwrap();
        all.iter().any(|one| one.begun <= answered && one.ended.is_none_or(|ended| token <= ended))
    }

    /// Whether it has to be refused if it is shown from this moment on.
    pub(crate) fn must_refuse(&self, token: Instant, asked: Instant) -> bool {
        let all = self.0.lock().unwrap();
        all.iter().any(|one| token < one.begun && one.ended.is_some_and(|ended| asked > ended))
    }
}
