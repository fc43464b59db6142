//! Whether two calls can be told apart by a stopwatch.

use std::time::{Duration, Instant};

use crate::support::answer::Call;

/// Below this no network lets a difference of medians through.
const INAUDIBLE: Duration = Duration::from_millis(5);

/// How long the calls of two arms took, one of each in turn.
#[derive(Debug)]
pub(crate) struct Timing {
    one: Vec<Duration>,
    other: Vec<Duration>,
}

impl Timing {
    /// Sends `samples` calls of either arm, each after the other is answered.
    pub(crate) async fn of(samples: usize, one: impl Fn(usize) -> Call, other: impl Fn(usize) -> Call) -> Self {
        let mut timing = Self { one: vec![], other: vec![] };
        for n in 0..samples {
            // Whoever always goes second would profit from, or pay for, what the first left behind.
            for first in [n % 2 == 0, n % 2 == 1] {
                let (call, taken) = if first { (one(n), &mut timing.one) } else { (other(n), &mut timing.other) };
                let start = Instant::now();
                call.send().await;
                taken.push(start.elapsed());
            }
        }
        timing.one.sort_unstable();
        timing.other.sort_unstable();
        timing
    }

    /// Fails if the medians differ by more than half, or audibly so and in nearly every pair.
    #[track_caller]
    pub(crate) fn assert_alike(&self) {
        let (one, other) = (median(&self.one), median(&self.other));
        let ratio = one.as_secs_f64() / other.as_secs_f64();
        assert!((0.66..1.5).contains(&ratio), "medians {one:?} and {other:?} in {self:?}");
        let won = self.chance_that_one_is_faster();
        let told_apart = one.abs_diff(other) > INAUDIBLE && !(0.15..0.85).contains(&won);
        assert!(!told_apart, "one is faster in {won:.2} of all pairs: {self:?}");
    }

    /// The area under the curve of a classifier by time (AUC): 0.5 where time tells nothing.
    fn chance_that_one_is_faster(&self) -> f64 {
        let pairs = self.one.iter().flat_map(|one| self.other.iter().map(move |other| one < other));
        let (won, all) = pairs.fold((0_u32, 0_u32), |(won, all), is_faster| (won + u32::from(is_faster), all + 1));
        f64::from(won) / f64::from(all)
    }
}

fn median(sorted: &[Duration]) -> Duration {
    sorted[sorted.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(range: std::ops::Range<u64>) -> Vec<Duration> {
        range.map(Duration::from_millis).collect()
    }

    #[test]
    fn the_same_times_are_alike() {
        Timing { one: milliseconds(100..130), other: milliseconds(101..131) }.assert_alike();
    }

    #[test]
    #[should_panic(expected = "medians")]
    fn half_the_time_is_not_alike() {
        Timing { one: milliseconds(40..70), other: milliseconds(101..131) }.assert_alike();
    }

    #[test]
    #[should_panic(expected = "one is faster")]
    fn a_small_difference_that_shows_in_every_pair_is_not_alike() {
        Timing { one: milliseconds(100..110), other: milliseconds(120..130) }.assert_alike();
    }
}
