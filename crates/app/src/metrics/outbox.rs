//! How much waits in the outbox: asked of the database now and then, so that no scrape costs a statement.

use std::time::Duration;

use countersign_application::error::Fault;
use countersign_application::ports::clock::Clock;
use countersign_application::ports::outbox::{Backlog, Outbox};
use metrics::gauge;
use time::OffsetDateTime;

use crate::workers::ClockCheck;

/// How often it is asked.
pub(crate) const OUTBOX_PAUSE: Duration = Duration::from_secs(15);

/// Asks and publishes. How long mail waits cannot be told by a clock that is off.
pub(crate) async fn sample_outbox(outbox: &dyn Outbox, clock: &dyn Clock, check: &ClockCheck) -> Result<(), Fault> {
    let backlog = outbox.backlog().await?;
    publish(&backlog, check.is_right().await?.then(|| clock.now()));
    Ok(())
}

fn publish(backlog: &Backlog, now: Option<OffsetDateTime>) {
    let mails = |state, number: u64| {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        gauge!("countersign_outbox_messages", "state" => state).set(number);
    };
    mails("queued", backlog.queued);
    mails("dead", backlog.dead);
    let age = |oldest: OffsetDateTime| now.map_or(f64::NAN, |now| (now - oldest).as_seconds_f64().max(0.0));
    let age = backlog.oldest.map_or(0.0, age);
    gauge!("countersign_outbox_oldest_seconds").set(age);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use countersign_application::ports::dependency_probe::MockDependencyProbe;
    use countersign_application::ports::outbox::MockOutbox;
    use countersign_application::testing::{FixedClock, NOW};
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn the_age_is_that_of_the_oldest_and_none_while_nothing_waits() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _guard = metrics::set_default_local_recorder(&recorder);
        publish(&Backlog { queued: 3, oldest: Some(NOW - time::Duration::seconds(90)), dead: 1 }, Some(NOW));
        let page = recorder.handle().render();
        for told in ["messages{state=\"queued\"} 3", "messages{state=\"dead\"} 1", "oldest_seconds 90"] {
            assert!(page.contains(&format!("countersign_outbox_{told}\n")), "{told}: {page}");
        }
        publish(&Backlog::default(), Some(NOW));
        assert!(recorder.handle().render().contains("countersign_outbox_oldest_seconds 0\n"));
    }

    #[tokio::test]
    async fn a_clock_that_is_off_tells_how_many_wait_and_not_how_long() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _guard = metrics::set_default_local_recorder(&recorder);
        let clock = Arc::new(FixedClock::at(NOW));
        for (is_right, age) in [(true, "3600"), (false, "NaN")] {
            let mut probe = MockDependencyProbe::new();
            probe.expect_name().return_const("clock");
            probe
                .expect_check()
                .returning(move || if is_right { Ok(()) } else { Err(Fault::unavailable("clock", "it is off")) });
            let mut outbox = MockOutbox::new();
            let backlog = Backlog { queued: 3, oldest: Some(NOW - time::Duration::HOUR), dead: 1 };
            outbox.expect_backlog().returning(move || Ok(backlog));
            let check = ClockCheck::new(Arc::new(probe), clock.clone());
            sample_outbox(&outbox, &*clock, &check).await.unwrap();
            let page = recorder.handle().render();
            assert!(page.contains("countersign_outbox_messages{state=\"queued\"} 3\n"), "{page}");
            assert!(page.contains(&format!("countersign_outbox_oldest_seconds {age}\n")), "{page}");
        }
    }
}
