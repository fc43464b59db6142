//! What goes on beside requests: sending mail, keeping house, measuring.

mod clock_check;

use std::sync::Arc;
use std::time::Duration;

use countersign_application::mail::deliver_outbox::DeliveryReport;
use countersign_application::{Application, Dependencies};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::metrics::{Metrics, OUTBOX_PAUSE as SAMPLE_PAUSE, UPKEEP_PAUSE, count_mails, sample_outbox};

pub(crate) use crate::workers::clock_check::ClockCheck;

/// The outbox is looked at this often while it is empty.
const OUTBOX_PAUSE: Duration = Duration::from_millis(500);
/// After a fault, a worker waits longer.
const SETBACK_PAUSE: Duration = Duration::from_secs(5);
/// Housekeeping starts soon after the start, since secrets may have outlived their use while nothing ran, and comes
/// often; each of its statements finds what is dead by an index.
const HOUSEKEEPING_PAUSE: Duration = Duration::from_mins(1);
/// Steps under way may take this long to finish. Whoever stops the process waits for them (docs/operations.md).
const DRAIN: Duration = Duration::from_secs(25);

/// The running workers.
pub(crate) struct Workers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Workers {
    /// Starts them: none of their steps is done while the clock is off. `jitter`, from 0 to 255, keeps the housekeeping
    /// of several nodes apart.
    pub(crate) fn start(application: &Application, clock: &Arc<ClockCheck>, jitter: u8) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let (outbox, of_outbox) = (application.deliver_outbox.clone(), Arc::clone(clock));
        let deliver = move || {
            let (outbox, clock) = (outbox.clone(), Arc::clone(&of_outbox));
            async move {
                if !clock.is_right().await? {
                    return Ok(SETBACK_PAUSE);
                }
                let report = outbox.execute().await?;
                count_mails(report);
                Ok(outbox_pause(report))
            }
        };
        tasks.spawn(repeat("outbox", Duration::ZERO, stopped.clone(), deliver));
        let (house, of_house) = (application.keep_house.clone(), Arc::clone(clock));
        let pause = housekeeping_pause(jitter);
        let keep_house = move || {
            let (house, clock) = (house.clone(), Arc::clone(&of_house));
            async move {
                if !clock.is_right().await? {
                    return Ok(SETBACK_PAUSE);
                }
                let report = house.execute().await?;
                if !report.removed.is_empty() {
                    tracing::info!(removed = ?report.removed, "kept house");
                }
                Ok(pause)
            }
        };
        tasks.spawn(repeat("housekeeping", housekeeping_start(jitter), stopped, keep_house));
        Self { stop, tasks }
    }

    /// Keeps the figures up to date that nothing else does.
    pub(crate) fn measure(&mut self, metrics: Metrics, dependencies: &Dependencies, check: Arc<ClockCheck>) {
        let upkeep = move || {
            metrics.upkeep();
            std::future::ready(Ok(UPKEEP_PAUSE))
        };
        self.tasks.spawn(repeat("upkeep of metrics", UPKEEP_PAUSE, self.stop.subscribe(), upkeep));
        let (outbox, clock) = (dependencies.outbox.clone(), dependencies.clock.clone());
        let sample = move || {
            let (outbox, clock, check) = (outbox.clone(), clock.clone(), Arc::clone(&check));
            async move {
                if let Err(fault) = sample_outbox(&*outbox, &*clock, &check).await {
                    // Whoever sends mail has said so already.
                    tracing::debug!(error = &fault as &dyn std::error::Error, "the outbox was not measured");
                }
                Ok(SAMPLE_PAUSE)
            }
        };
        self.tasks.spawn(repeat("outbox gauges", Duration::ZERO, self.stop.subscribe(), sample));
    }

    /// Lets each finish its step, so that no lease is left behind.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        let drained = tokio::time::timeout(DRAIN, async { while self.tasks.join_next().await.is_some() {} }).await;
        if drained.is_err() {
            tracing::warn!("a worker did not finish in time; what it had leased is free again when the lease ends");
        }
    }
}

/// When the first requests are served.
fn housekeeping_start(jitter: u8) -> Duration {
    Duration::from_secs(1) + Duration::from_millis(u64::from(jitter) * 10)
}

fn housekeeping_pause(jitter: u8) -> Duration {
    HOUSEKEEPING_PAUSE + Duration::from_millis(u64::from(jitter) * 100)
}

/// What sent something may have more to send.
fn outbox_pause(report: DeliveryReport) -> Duration {
    let settled = report.sent + report.withdrawn + report.dead + report.decoys;
    if settled > 0 { Duration::ZERO } else { OUTBOX_PAUSE }
}

/// Repeats `step`, which says how long to pause. A fault or a panic is logged, and the worker goes on.
async fn repeat<S, F>(name: &'static str, first: Duration, mut stopped: watch::Receiver<bool>, step: S)
where
    S: Fn() -> F,
    F: Future<Output = anyhow::Result<Duration>> + Send + 'static,
{
    let mut pause = first;
    loop {
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(pause) => {}
        }
        // A task of its own, so that a panic ends the step and not the worker.
        pause = match tokio::spawn(step()).await {
            Ok(Ok(pause)) => pause,
            Ok(Err(error)) => {
                tracing::error!(worker = name, error = &*error as &dyn std::error::Error, "a step failed");
                SETBACK_PAUSE
            }
            Err(panic) => {
                tracing::error!(worker = name, error = &panic as &dyn std::error::Error, "a step panicked");
                SETBACK_PAUSE
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_worker_goes_on_after_a_fault_and_after_a_panic() {
        let (stop, stopped) = watch::channel(false);
        let steps = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&steps);
        let worker = tokio::spawn(repeat("test", Duration::ZERO, stopped, move || {
            let before = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                match before {
                    0 => anyhow::bail!("a fault"),
                    1 => panic!("a panic"),
                    _ => Ok(Duration::from_secs(1)),
                }
            }
        }));
        tokio::time::sleep(SETBACK_PAUSE * 2 + Duration::from_millis(1_500)).await;
        assert_eq!(steps.load(Ordering::SeqCst), 4);
        stop.send_replace(true);
        worker.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn stopping_waits_for_the_step_under_way() {
        let finished = Arc::new(AtomicU32::new(0));
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let counted = Arc::clone(&finished);
        tasks.spawn(repeat("test", Duration::ZERO, stopped, move || {
            let counted = Arc::clone(&counted);
            async move {
                tokio::time::sleep(Duration::from_secs(3)).await;
                counted.fetch_add(1, Ordering::SeqCst);
                Ok(Duration::from_secs(1))
            }
        }));
        tokio::time::sleep(Duration::from_secs(1)).await;
        Workers { stop, tasks }.stop().await;
        assert_eq!(finished.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn house_is_kept_about_every_minute_and_not_by_all_nodes_at_once() {
        assert_eq!(housekeeping_pause(0), Duration::from_mins(1));
        assert_ne!(housekeeping_pause(1), housekeeping_pause(2));
        assert!(housekeeping_pause(u8::MAX) < Duration::from_secs(90));
        assert_ne!(housekeeping_start(1), housekeeping_start(2));
        assert!(housekeeping_start(u8::MAX) < Duration::from_secs(5));
    }

    #[test]
    fn the_outbox_is_looked_at_again_at_once_while_something_goes_out() {
        assert_eq!(outbox_pause(DeliveryReport { sent: 1, ..DeliveryReport::default() }), Duration::ZERO);
        assert_eq!(outbox_pause(DeliveryReport { decoys: 1, ..DeliveryReport::default() }), Duration::ZERO);
        assert_eq!(outbox_pause(DeliveryReport::default()), OUTBOX_PAUSE);
        assert_eq!(outbox_pause(DeliveryReport { retried: 1, ..DeliveryReport::default() }), OUTBOX_PAUSE);
    }
}
