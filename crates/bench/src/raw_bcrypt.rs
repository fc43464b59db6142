//! The rate at which the bcrypt crate verifies passwords with nothing around it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const LASTS: Duration = Duration::from_secs(6);

/// Verifications a second, by as many threads as there are cores.
pub(crate) fn rate(threads: usize, cost: u32) -> f64 {
    let hash = format!("$2b${cost:02}$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");
    let done = AtomicU64::new(0);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while start.elapsed() < LASTS {
                    let _wrong = bcrypt::verify("benchmarks like long passwords", &hash);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    let done = done.load(Ordering::Relaxed) as f64;
    done / start.elapsed().as_secs_f64()
}
