//! What came of the acts.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::faults::ledger::say;
use crate::nodes::revocation::LIFETIME;
use crate::nodes::revocation::act::{Act, Watch};
use crate::nodes::revocation::readers::Showing;

/// An act that was answered, and what old tokens were answered around it.
pub(crate) struct Done {
    pub(crate) act: Act,
    pub(crate) watch: Watch,
    pub(crate) sent: Instant,
    pub(crate) answered: Instant,
    pub(crate) shown: Vec<Showing>,
}

impl Done {
    pub(crate) fn took(&self) -> Duration {
        self.answered - self.sent
    }

    /// Calls that began when the act was answered already, and were let in.
    fn stale(&self) -> Vec<Showing> {
        self.after().filter(|showing| showing.status == 200).copied().collect()
    }

    fn after(&self) -> impl Iterator<Item = &Showing> {
        self.shown.iter().filter(|showing| showing.begun > self.answered)
    }

    /// Answers that are right at no time, or not when they came.
    fn odd(&self) -> impl Iterator<Item = &Showing> {
        self.shown.iter().filter(|showing| {
            let is_known = showing.status == 200 || showing.status == self.watch.refused;
            !is_known || showing.status != 200 && showing.ended < self.sent
        })
    }
}

/// All of them.
#[derive(Default)]
pub(crate) struct Ledger {
    done: Vec<Done>,
}

impl Ledger {
    pub(crate) fn extend(&mut self, done: impl IntoIterator<Item = Done>) {
        self.done.extend(done);
    }

    /// Says what came of the acts: no old token may be let in after one.
    pub(crate) fn judge(&self, title: &str) {
        let late = self.report(title);
        assert_eq!(late.len(), 0, "old tokens and roles are let in");
    }

    /// Says how long the acts took, and how long after the answers old tokens were let in.
    pub(crate) fn report(&self, title: &str) -> Vec<Duration> {
        let mut by_act: BTreeMap<Act, Vec<Duration>> = BTreeMap::new();
        for done in &self.done {
            by_act.entry(done.act).or_default().push(done.took());
        }
        let showings = || self.done.iter().flat_map(|done| &done.shown);
        let after: usize = self.done.iter().map(|done| done.after().count()).sum();
        let across = self.done.iter().flat_map(|done| {
            done.shown.iter().filter(|showing| showing.begun < done.answered && showing.ended > done.sent)
        });
        let stale: Vec<_> =
            self.done.iter().flat_map(|done| done.stale().into_iter().map(move |s| (done, s))).collect();
        say(&format!(
            "{title}: {} acts; old tokens shown {} times, {} of them while an act was under way, {after} after one was answered; {} let in after that",
            self.done.len(),
            showings().count(),
            across.count(),
            stale.len(),
        ));
        say(&format!("  {:<22} {}", "all", distribution(&mut self.latencies())));
        // One of each says little.
        for (act, mut took) in by_act.into_iter().filter(|(_, took)| took.len() > 1) {
            say(&format!("  {:<22} {}", format!("{act:?}"), distribution(&mut took)));
        }
        let mut late_by_act: BTreeMap<Act, Vec<Duration>> = BTreeMap::new();
        for (done, showing) in &stale {
            late_by_act.entry(done.act).or_default().push(showing.begun - done.answered);
        }
        for (act, late) in late_by_act {
            say(&format!(
                "  {act:?}: let in {} times, the last {:?} after the answer",
                late.len(),
                late.iter().max().unwrap()
            ));
        }
        for done in &self.done {
            let odd: Vec<_> = done.odd().collect();
            assert!(odd.is_empty(), "{:?} of {:?}: {odd:?}", done.act, done.watch.path);
            assert!(done.after().count() > 0, "nobody looked: {:?}", done.act);
        }
        stale.iter().map(|(done, showing)| showing.begun - done.answered).collect()
    }

    pub(crate) fn latencies(&self) -> Vec<Duration> {
        self.done.iter().map(Done::took).collect()
    }

    /// How many answers waited until every copy had expired.
    pub(crate) fn waited(&self) -> usize {
        self.done.iter().filter(|done| done.took() >= LIFETIME).count()
    }

    /// Old tokens that nothing can bring back.
    pub(crate) fn dead(&self) -> impl Iterator<Item = &Watch> {
        self.done.iter().filter(|done| done.act.ends_token()).map(|done| &done.watch)
    }
}

fn distribution(took: &mut [Duration]) -> String {
    took.sort_unstable();
    let at = |percent: usize| took.get((took.len() * percent / 100).min(took.len().saturating_sub(1)));
    let of = |percent| at(percent).map_or(0.0, |took| took.as_secs_f64() * 1_000.0);
    format!("{:>5} times; ms: p50 {:.1}, p90 {:.1}, p99 {:.1}, most {:.1}", took.len(), of(50), of(90), of(99), of(100))
}
