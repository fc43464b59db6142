//! How a connection ends once the service stops.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_server::GracefulShutdownSignal;
use actix_web::rt::time::{Sleep, sleep};

use crate::server::listener::FAREWELL;

/// What is to be done next.
pub(super) enum Step {
    /// Say that no more requests are taken.
    Announce,
    /// End it without waiting for the client.
    Close,
}

/// From the stop to the end.
pub(super) struct End {
    stopping: Pin<Box<dyn Future<Output = ()>>>,
    stage: Stage,
}

enum Stage {
    Serving,
    /// And since when nothing was under way.
    Announced(Option<Pin<Box<Sleep>>>),
    Closed,
}

impl End {
    pub(super) fn new(stopping: GracefulShutdownSignal) -> Self {
        Self { stopping: Box::pin(async move { stopping.notified().await }), stage: Stage::Serving }
    }

    /// `is_idle` says that nothing is under way, and nothing written that the client has yet to take.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>, is_idle: bool) -> Poll<Step> {
        match &mut self.stage {
            Stage::Serving => {
                ready!(self.stopping.as_mut().poll(cx));
                self.stage = Stage::Announced(None);
                Poll::Ready(Step::Announce)
            }
            Stage::Announced(quiet) if is_idle => {
                let quiet = quiet.get_or_insert_with(|| Box::pin(sleep(FAREWELL)));
                ready!(quiet.as_mut().poll(cx));
                self.stage = Stage::Closed;
                Poll::Ready(Step::Close)
            }
            Stage::Announced(quiet) => {
                *quiet = None;
                Poll::Pending
            }
            Stage::Closed => Poll::Pending,
        }
    }
}
