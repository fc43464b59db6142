//! When an answer leaves that must not tell by its time what it conceals.

use std::time::Duration;

use tokio::time::Instant;

/// Answers that conceal something leave at whole multiples of this after their use case began.
///
/// Several times what such a call takes besides hashing, so that what differs between its arms (a row that is found and
/// read, an index that grows) ends within the same step. A call that hashes takes many steps, and where it comes close
/// to the end of one, the hash's own time varies by more than the arms do. Whoever waits for a mail, or has mistyped a
/// password, does not notice.
const STEP: Duration = Duration::from_millis(50);

/// Pads the time of one call. It goes by the runtime's steady clock: the time of day may be set meanwhile.
#[derive(Debug)]
#[must_use = "end it before an answer that conceals something"]
pub(crate) struct TimePadding {
    begun: Instant,
}

impl TimePadding {
    /// Now, as the first step of a use case.
    pub(crate) fn begin() -> Self {
        Self { begun: Instant::now() }
    }

    /// Waits for the end of the present step. Await it as the last step: what is done is committed and in the log, so
    /// that a client who leaves meanwhile undoes nothing, and neither a unit of work nor a thread that hashes waits too.
    pub(crate) async fn end(self) {
        let steps = self.begun.elapsed().as_nanos() / STEP.as_nanos() + 1;
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        tokio::time::sleep_until(self.begun + STEP * steps).await;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What a call answers, and the steps that it takes while time stands still but for waiting: 0 if it does not wait.
    pub(crate) async fn steps_of<T>(call: impl Future<Output = T>) -> (u32, T) {
        let begun = Instant::now();
        let answer = call.await;
        let elapsed = begun.elapsed();
        let steps = u32::try_from(elapsed.as_nanos() / STEP.as_nanos()).unwrap();
        assert_eq!(elapsed, STEP * steps, "an answer within a step");
        (steps, answer)
    }

    /// A client who leaves before the first step ends.
    pub(crate) async fn left_after_a_moment<T>(call: impl Future<Output = T>) {
        assert!(tokio::time::timeout(STEP / 2, call).await.is_err(), "answered within a step");
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_a_call_took_its_answer_leaves_at_the_end_of_a_step() {
        for (took, steps) in [(0, 1), (1, 1), (49, 1), (50, 2), (51, 2), (260, 6)] {
            let call = async {
                let padding = TimePadding::begin();
                tokio::time::advance(Duration::from_millis(took)).await;
                padding.end().await;
            };
            assert_eq!(steps_of(call).await.0, steps, "{took} ms");
        }
    }
}
