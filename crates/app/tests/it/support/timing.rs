//! Whether two calls can be told apart by a stopwatch.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use crate::support::answer::Call;

/// Samples of each arm in a turn.
const SAMPLES: usize = 300;

/// Samples of each arm where one does or does not hash at [`HASHING_COST`].
const HASHING_SAMPLES: usize = 15;

/// A cost at which a hash takes several steps of what conceals; at the lowest it is over within the first.
pub(crate) const HASHING_COST: &str = "11";

/// Calls of each arm that nobody measures: connections are made and pages are read for the first time.
const WARM_UP: usize = 5;

/// Below this no network lets a difference of medians through.
const INAUDIBLE: Duration = Duration::from_millis(5);

/// Chances to name the faster arm that are as good as none.
const GUESSING: RangeInclusive<f64> = 0.40..=0.60;

/// A noisy machine gets so many turns to show that the arms are alike; arms that are not stay apart in all of them.
const TURNS: usize = 4;

/// How long the calls of two arms took.
#[derive(Debug)]
pub(crate) struct Timing {
    one: Vec<Duration>,
    other: Vec<Duration>,
}

impl Timing {
    /// Fails if the two calls can be told apart in every turn. They are given a number that is never the same.
    pub(crate) async fn assert_alike(one: impl Fn(usize) -> Call, other: impl Fn(usize) -> Call) {
        Self::assert_all_alike(&[&one, &other]).await;
    }

    /// The same for several calls, each against the first.
    pub(crate) async fn assert_all_alike(arms: &[&dyn Fn(usize) -> Call]) {
        let mut refusals = Vec::new();
        let mut numbers = 0..;
        for n in numbers.by_ref().take(WARM_UP) {
            for call in arms {
                call(n).send().await;
            }
        }
        for _ in 0..TURNS {
            let taken = Self::sample(numbers.by_ref().take(SAMPLES), arms).await;
            let (one, others) = taken.split_first().unwrap();
            let pairs = others.iter().map(|other| Self { one: one.clone(), other: other.clone() });
            match pairs.map(Self::judge).collect::<Result<Vec<()>, String>>() {
                Ok(_) => return,
                Err(refusal) => refusals.push(refusal),
            }
        }
        panic!("{refusals:?}");
    }

    /// Fails if one of two calls takes less than half of the other's time in every turn. For servers that hash at
    /// [`HASHING_COST`]: what hashes and what does not are further apart.
    pub(crate) async fn assert_both_hash(one: impl Fn(usize) -> Call, other: impl Fn(usize) -> Call) {
        let mut refusals = Vec::new();
        let mut numbers = 0..;
        for _ in 0..TURNS {
            let mut taken = Self::sample(numbers.by_ref().take(HASHING_SAMPLES), &[&one, &other]).await;
            let medians = [median(&mut taken[0]), median(&mut taken[1])];
            if medians[0].min(medians[1]) * 2 > medians[0].max(medians[1]) {
                return;
            }
            refusals.push(medians);
        }
        panic!("{refusals:?}");
    }

    /// How long the calls of each arm took, one after the other, of every arm in turn.
    async fn sample(numbers: impl Iterator<Item = usize>, arms: &[&dyn Fn(usize) -> Call]) -> Vec<Vec<Duration>> {
        let mut taken = vec![Vec::with_capacity(SAMPLES); arms.len()];
        for n in numbers {
            for at in 0..arms.len() {
                // Whoever always goes second would profit from, or pay for, what the first left behind.
                let arm = (n + at) % arms.len();
                let call = arms[arm](n);
                let start = Instant::now();
                call.send().await;
                taken[arm].push(start.elapsed());
            }
        }
        taken
    }

    /// Alike are arms whose medians differ inaudibly, and of which whoever has the times can but guess.
    fn judge(mut self) -> Result<(), String> {
        let (one, other) = (median(&mut self.one), median(&mut self.other));
        let faster = self.chance_that_one_is_faster();
        if one.abs_diff(other) <= INAUDIBLE && GUESSING.contains(&faster) {
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
        assert!(!are_alike(3_000..3_300, 3_200..3_500), "two tenths of one in three");
        let wide = |middle: u64| (0..300).map(move |n| middle + n * 1_000);
        assert!(!are_alike(wide(100_000), wide(107_000)), "as good as guessed, but audible");
    }
}
