//! The last steps of a use case that writes. They are taken to the end also when the client has left: what is durable
//! is in the log, and the caches have heard of it.

use countersign_domain::audit::AuditEvent;
use tracing::Instrument as _;

use crate::error::Fault;
use crate::ports::unit_of_work::UnitOfWork;
use crate::snapshots::Fence;
use crate::trail::Trail;

/// Commits, says the appended events in the log, and lifts the fences. Await it before the answer.
pub(crate) async fn finish(
    uow: Box<dyn UnitOfWork>,
    fences: impl IntoIterator<Item = Fence>,
    trail: &Trail,
    events: impl IntoIterator<Item = AuditEvent>,
) -> Result<(), Fault> {
    let fences: Vec<Fence> = fences.into_iter().collect();
    let events: Vec<AuditEvent> = events.into_iter().collect();
    let trail = trail.clone();
    to_its_end(async move {
        uow.commit().await?;
        for event in &events {
            trail.announce(event);
        }
        for fence in fences {
            fence.lift().await;
        }
        Ok(())
    })
    .await
}

/// Runs it in a task of its own, which goes on when the caller is dropped, within the caller's span. A panic goes on in
/// the caller.
pub(crate) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Fault>> + Send + 'static,
) -> Result<T, Fault> {
    match tokio::spawn(work.in_current_span()).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(shutdown) => Err(Fault::unavailable("runtime", shutdown)),
        },
    }
}

#[cfg(test)]
mod tests;
