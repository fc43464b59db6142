//! Whether two calls can be told apart by a stopwatch.

use std::ops::Range;
use std::time::{Duration, Instant};

use crate::support::answer::Call;

/// Below this no network lets a difference of medians through.
const INAUDIBLE: Duration = Duration::from_millis(5);

/// A noisy machine gets so many turns to show that the arms are alike; arms that are not stay apart in all of them.
const TURNS: usize = 4;

/// How long the calls of two arms took.
#[derive(Debug, Default)]
pub(crate) struct Timing {
    one: Vec<Duration>,
    other: Vec<Duration>,
}

impl Timing {
    /// Fails if the two calls can be told apart by `samples` of each, and by more of them.
    pub(crate) async fn assert_alike(samples: usize, one: impl Fn(usize) -> Call, other: impl Fn(usize) -> Call) {
        let mut timing = Self::default();
        let mut verdict = Ok(());
        for turn in 0..TURNS {
            timing.sample(turn * samples..(turn + 1) * samples, &one, &other).await;
            verdict = timing.judge();
            if verdict.is_ok() {
                return;
            }
        }
        panic!("{} {timing:?}", verdict.unwrap_err());
    }

    /// One call after the other, of either arm in turn.
    async fn sample(&mut self, range: Range<usize>, one: impl Fn(usize) -> Call, other: impl Fn(usize) -> Call) {
        for n in range {
            // Whoever always goes second would profit from, or pay for, what the first left behind.
            for is_one in [n % 2 == 0, n % 2 == 1] {
                let (call, taken) = if is_one { (one(n), &mut self.one) } else { (other(n), &mut self.other) };
                let start = Instant::now();
                call.send().await;
                taken.push(start.elapsed());
            }
        }
        self.one.sort_unstable();
        self.other.sort_unstable();
    }

    /// Not alike are medians that differ by more than half, or audibly so and in nearly every pair.
    fn judge(&self) -> Result<(), String> {
        let (one, other) = (median(&self.one), median(&self.other));
        let ratio = one.as_secs_f64() / other.as_secs_f64();
        let won = self.chance_that_one_is_faster();
        let told_apart = one.abs_diff(other) > INAUDIBLE && !(0.15..0.85).contains(&won);
        if told_apart || !(0.66..1.5).contains(&ratio) {
            return Err(format!("medians {one:?} and {other:?}, one is faster in {won:.2} of all pairs:"));
        }
        Ok(())
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

    fn are_alike(one: Range<u64>, other: Range<u64>) -> bool {
        let [one, other] = [one, other].map(|range| range.map(Duration::from_millis).collect());
        Timing { one, other }.judge().is_ok()
    }

    #[test]
    fn only_times_that_tell_nothing_are_alike() {
        assert!(are_alike(100..130, 101..131));
        assert!(!are_alike(40..70, 101..131), "half the time");
        assert!(!are_alike(100..110, 120..130), "little, but in every pair");
    }
}
