//! Whether two calls can be told apart by a stopwatch.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use crate::support::answer::Call;

/// Samples of each arm in a turn.
const SAMPLES: usize = 300;

/// Calls of each arm that nobody measures: connections are made and pages are read for the first time.
const WARM_UP: usize = 5;

/// Below this no network lets a difference of medians through.
const INAUDIBLE: Duration = Duration::from_millis(5);

/// At the lowest hashing cost a call takes a few milliseconds instead of hundreds, and a quiet machine tells times apart
/// that differ by the reading of one row. This part of the call's own time is let through; a hash, a write or a mail is
/// more.
const FINE_PRINT: u32 = 8;

/// Chances to name the faster arm that are as good as none.
const GUESSING: RangeInclusive<f64> = 0.40..=0.60;

/// A noisy machine gets so many turns to show that the arms are alike; arms that are not stay apart in all of them.
const TURNS: usize = 4;

/// How long the calls of two arms took.
#[derive(Debug, Default)]
pub(crate) struct Timing {
    one: Vec<Duration>,
    other: Vec<Duration>,
}

impl Timing {
    /// Fails if the two calls can be told apart in every turn. They are given a number that is never the same.
    pub(crate) async fn assert_alike(one: impl Fn(usize) -> Call, other: impl Fn(usize) -> Call) {
        let mut refusals = Vec::new();
        let mut numbers = 0..;
        for n in numbers.by_ref().take(WARM_UP) {
            one(n).send().await;
            other(n).send().await;
        }
        for _ in 0..TURNS {
            match Self::sample(numbers.by_ref().take(SAMPLES), &one, &other).await.judge() {
                Ok(()) => return,
                Err(refusal) => refusals.push(refusal),
            }
        }
        panic!("{refusals:?}");
    }

    /// One call after the other, of either arm in turn.
    async fn sample(
        numbers: impl Iterator<Item = usize>,
        one: impl Fn(usize) -> Call,
        other: impl Fn(usize) -> Call,
    ) -> Self {
        let mut timing = Self::default();
        for n in numbers {
            // Whoever always goes second would profit from, or pay for, what the first left behind.
            for is_one in [n % 2 == 0, n % 2 == 1] {
                let (call, taken) = if is_one { (one(n), &mut timing.one) } else { (other(n), &mut timing.other) };
                let start = Instant::now();
                call.send().await;
                taken.push(start.elapsed());
            }
        }
        timing
    }

    /// Alike are arms whose medians differ inaudibly, and of which whoever has the times can but guess, or has nothing
    /// more than fine print to go by.
    fn judge(mut self) -> Result<(), String> {
        let (one, other) = (median(&mut self.one), median(&mut self.other));
        let faster = self.chance_that_one_is_faster();
        let difference = one.abs_diff(other);
        let is_fine = difference <= one.min(other) / FINE_PRINT;
        if difference <= INAUDIBLE && (is_fine || GUESSING.contains(&faster)) {
            return Ok(());
        }
        Err(format!("medians {one:?} and {other:?}, one is faster in {faster:.2} of all pairs"))
    }

    /// The area under the curve of a classifier by time (AUC): 0.5 where time tells nothing.
    fn chance_that_one_is_faster(&self) -> f64 {
        let pairs = self.one.iter().flat_map(|one| self.other.iter().map(move |other| one.cmp(other)));
        let (points, all) = pairs.fold((0_u32, 0_u32), |(points, all), order| match order {
            std::cmp::Ordering::Less => (points + 2, all + 2),
            std::cmp::Ordering::Equal => (points + 1, all + 2),
            std::cmp::Ordering::Greater => (points, all + 2),
        });
        f64::from(points) / f64::from(all)
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn are_alike(one: impl Iterator<Item = u64>, other: impl Iterator<Item = u64>) -> bool {
        Timing { one: one.map(Duration::from_micros).collect(), other: other.map(Duration::from_micros).collect() }
            .judge()
            .is_ok()
    }

    #[test]
    fn only_times_that_tell_nothing_are_alike() {
        assert!(are_alike(10_000..10_300, 10_010..10_310));
        assert!(are_alike([7; 300].into_iter(), [7; 300].into_iter()));
        assert!(!are_alike(10_000..10_300, 20_000..20_300), "ten milliseconds");
        assert!(are_alike(3_000..3_030, 3_200..3_230), "two tenths of one in three");
        assert!(!are_alike(3_000..3_030, 3_500..3_530), "half of one in three");
        let wide = |middle: u64| (0..300).map(move |n| middle + n * 1_000);
        assert!(!are_alike(wide(100_000), wide(107_000)), "as good as guessed, but audible");
    }
}
