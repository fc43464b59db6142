//! What one client may hold, and for how long.
//!
//! The server framework bounds the first head of a connection and the time between two requests. It waits for ever for
//! a head that stops half-way on a connection that was used before, for a client that takes no more of its answer, and
//! for HTTP/2 clients that ask nothing; it unpacks as many requests as it can read ahead of their answers; and it takes
//! heads that others would read otherwise. So it reads and writes by way of [`GuardedStream`], which knows of requests by
//! way of [`Activity`].

mod framing;
mod guarded_stream;
mod refusal;

use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context, Waker};

use actix_web::rt::task::yield_now;
use tokio::time::{Duration, Instant};

pub(crate) use crate::connection::guarded_stream::GuardedStream;

/// Requests of a connection before it is the turn of others.
const TURN: usize = 16;

/// How long a connection may be without use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Between an answer and the next whole head.
    pub(crate) idle: Duration,
    /// Until the client takes what lies ready for it.
    pub(crate) unread: Duration,
}

/// What a request says of the octets after its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyLength {
    Octets(u64),
    Chunks,
}

/// What is under way on a connection.
pub(crate) struct Activity {
    open_requests: Cell<usize>,
    requests: Cell<usize>,
    last_step: Cell<Instant>,
    took_of_its_body: Cell<bool>,
    /// Of the latest request that began, until the stream has heard of it.
    body_length: Cell<Option<BodyLength>>,
    refused_body: Cell<bool>,
    reader: Cell<Option<Waker>>,
    /// Whether the client has yet to take of what was written.
    blocked: Cell<bool>,
}

impl Activity {
    fn new() -> Self {
        Self {
            open_requests: Cell::new(0),
            requests: Cell::new(0),
            last_step: Cell::new(Instant::now()),
            took_of_its_body: Cell::new(false),
            body_length: Cell::new(None),
            refused_body: Cell::new(false),
            reader: Cell::new(None),
            blocked: Cell::new(false),
        }
    }

    /// Since when nothing has been under way.
    fn idle_since(&self) -> Option<Instant> {
        (self.open_requests.get() == 0).then(|| self.last_step.get())
    }

    /// Whether more may be read: nothing is worked on, or what is has taken a part of its body since this was asked.
    fn has_moved_on(&self) -> bool {
        self.took_of_its_body.take() || self.open_requests.get() == 0
    }

    /// Whether the client has not taken all that lies ready for it. Once it has, the stream is polled.
    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked.get()
    }

    fn wake_when_it_moves_on(&self, cx: &Context<'_>) {
        self.reader.set(Some(cx.waker().clone()));
    }

    fn wake_reader(&self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// A request that is under way, up to the last part of its answer.
pub(crate) struct OpenRequest(Rc<Activity>);

impl OpenRequest {
    /// Begins one; now and then others go first, for requests that were sent ahead would else be worked off in one go.
    pub(crate) async fn begin(activity: Rc<Activity>, length: BodyLength) -> Self {
        activity.body_length.set(Some(length));
        activity.wake_reader();
        activity.open_requests.update(|count| count + 1);
        activity.requests.update(|count| count.wrapping_add(1));
        let request = Self(activity);
        if request.0.requests.get().is_multiple_of(TURN) {
            yield_now().await;
        }
        request
    }
}

impl OpenRequest {
    /// Notes that a part of its body was taken.
    pub(crate) fn take_body(&self) {
        self.0.took_of_its_body.set(true);
        self.0.wake_reader();
    }

    /// Whether the rest of its body was not let through.
    pub(crate) fn has_refused_body(&self) -> bool {
        self.0.refused_body.get()
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.0.open_requests.update(|count| count - 1);
        self.0.last_step.set(Instant::now());
        self.0.wake_reader();
    }
}
