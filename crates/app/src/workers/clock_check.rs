//! Whether the workers of this node may go by its clock: one that is off would give up mails that are fresh, take over
//! what other nodes have leased, and purge what is alive.

use std::sync::Arc;
use std::time::Duration;

use countersign_application::error::Fault;
use countersign_application::ports::clock::Clock;
use countersign_application::ports::dependency_probe::DependencyProbe;
use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The clock is looked at again after so long.
const TRUST: Duration = Duration::from_secs(5);
/// And at once when it has moved by so much more or less than time has passed.
const JUMP: time::Duration = time::Duration::SECOND;

/// Asks the probe of the clock, and not more often than need be.
pub(crate) struct ClockCheck {
    probe: Arc<dyn DependencyProbe>,
    clock: Arc<dyn Clock>,
    last: Mutex<Last>,
}

/// What came of asking last.
#[derive(Default)]
struct Last {
    right_at: Option<(Instant, OffsetDateTime)>,
    is_off: bool,
}

impl ClockCheck {
    pub(crate) fn new(probe: Arc<dyn DependencyProbe>, clock: Arc<dyn Clock>) -> Self {
        Self { probe, clock, last: Mutex::default() }
    }

    /// Says in the log when that changes. A fault if it cannot be told.
    pub(crate) async fn is_right(&self) -> Result<bool, Fault> {
        let mut last = self.last.lock().await;
        if last.right_at.is_some_and(|(at, time)| self.still_counts(at, time)) {
            return Ok(true);
        }
        last.right_at = None;
        match self.probe.check().await {
            Ok(()) => {
                last.right_at = Some((Instant::now(), self.clock.now()));
                if std::mem::take(&mut last.is_off) {
                    tracing::info!("the clock is right again: the workers of this node go on");
                }
                Ok(true)
            }
            // The clock itself, and not the database that knows the time.
            Err(fault @ Fault::Unavailable { what, .. }) if what == self.probe.name() => {
                if !std::mem::replace(&mut last.is_off, true) {
                    tracing::error!(
                        error = &fault as &dyn std::error::Error,
                        "the workers of this node send no mail and keep no house until its clock is right: set it by NTP"
                    );
                }
                Ok(false)
            }
            Err(fault) => Err(fault),
        }
    }

    fn still_counts(&self, at: Instant, time: OffsetDateTime) -> bool {
        let passed = at.elapsed();
        passed < TRUST && (self.clock.now() - time - passed).abs() <= JUMP
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

    use async_trait::async_trait;
    use time::macros::datetime;

    use super::*;

    /// Time goes on with the runtime's; the node's clock is off by so many seconds, and the probe, which may be out,
    /// knows.
    struct Scene {
        start: Instant,
        off: AtomicI64,
        is_out: std::sync::atomic::AtomicBool,
        asked: AtomicU32,
    }

    struct Shared(Arc<Scene>);

    impl Clock for Shared {
        fn now(&self) -> OffsetDateTime {
            let off = time::Duration::seconds(self.0.off.load(Ordering::Relaxed));
            datetime!(2026-01-02 03:04:05 UTC) + self.0.start.elapsed() + off
        }
    }

    #[async_trait]
    impl DependencyProbe for Shared {
        fn name(&self) -> &'static str {
            "clock"
        }

        async fn check(&self) -> Result<(), Fault> {
            self.0.asked.fetch_add(1, Ordering::Relaxed);
            if self.0.is_out.load(Ordering::Relaxed) {
                return Err(Fault::unavailable("database", "connection refused"));
            }
            let off = self.0.off.load(Ordering::Relaxed);
            if off == 0 { Ok(()) } else { Err(Fault::unavailable("clock", "it is off")) }
        }
    }

    fn scene() -> (Arc<Scene>, ClockCheck) {
        let scene = Arc::new(Scene {
            start: Instant::now(),
            off: AtomicI64::new(0),
            is_out: false.into(),
            asked: AtomicU32::new(0),
        });
        let shared = || Shared(Arc::clone(&scene));
        let check = ClockCheck::new(Arc::new(shared()), Arc::new(shared()));
        (scene, check)
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_right_is_looked_at_every_few_seconds() {
        let (scene, check) = scene();
        for _ in 0..21 {
            assert!(check.is_right().await.unwrap());
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        assert_eq!(scene.asked.load(Ordering::Relaxed), 3, "at 0, 5 and 10 s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_jumps_is_noticed_at_once_and_so_is_one_that_is_right_again() {
        for off in [3_600, -3_600] {
            let (scene, check) = scene();
            assert!(check.is_right().await.unwrap());
            scene.off.store(off, Ordering::Relaxed);
            assert!(!check.is_right().await.unwrap());
            assert!(!check.is_right().await.unwrap());
            scene.off.store(0, Ordering::Relaxed);
            assert!(check.is_right().await.unwrap());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_told_is_a_fault_and_the_next_step_asks_again() {
        let (scene, check) = scene();
        scene.is_out.store(true, Ordering::Relaxed);
        check.is_right().await.unwrap_err();
        scene.is_out.store(false, Ordering::Relaxed);
        assert!(check.is_right().await.unwrap());
    }
}
