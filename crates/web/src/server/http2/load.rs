//! How much of a connection is under way, and what waits for it.

use std::cell::Cell;
use std::collections::VecDeque;
use std::mem::take;
use std::rc::Rc;
use std::task::{Context, Waker};

use actix_http::Request;
use actix_web::web::Bytes;
use h2::Reason;
use h2::server::SendResponse;

use crate::server::http2::OPEN_REQUESTS;

/// Requests of a connection that are worked on at once: about as many as browsers send over connections of HTTP/1.1.
const WORKED_ON: usize = 8;

/// Octets of answers that may lie untaken when a request begins.
const UNTAKEN: usize = 64 * 1024;

/// Octets of heads that wait. Those of usual requests, as many as may be open, take less.
const WAITING: usize = 256 * 1024;

/// What is under way on a connection.
#[derive(Default)]
pub(super) struct Load {
    open: Cell<usize>,
    worked_on: Cell<usize>,
    untaken: Cell<usize>,
    connection: Cell<Option<Waker>>,
}

impl Load {
    /// Whether one more request may begin. One answer that is not taken holds nobody up who shares the connection: as
    /// many may lie untaken, of any size, as are worked on at once.
    pub(super) fn has_room(&self) -> bool {
        self.worked_on.get() < WORKED_ON && (self.untaken.get() < UNTAKEN || self.open.get() < WORKED_ON)
    }

    /// Whether every answer was handed over.
    pub(super) fn is_idle(&self) -> bool {
        self.open.get() == 0
    }

    pub(super) fn wake_when_it_changes(&self, cx: &Context<'_>) {
        self.connection.set(Some(cx.waker().clone()));
    }

    fn changed(&self) {
        if let Some(connection) = self.connection.take() {
            connection.wake();
        }
    }
}

/// A request that is under way, up to the last part of its answer.
pub(super) struct Turn {
    load: Rc<Load>,
    is_worked_on: bool,
    untaken: usize,
}

impl Turn {
    pub(super) fn begin(load: &Rc<Load>) -> Self {
        load.open.update(|count| count + 1);
        load.worked_on.update(|count| count + 1);
        Self { load: Rc::clone(load), is_worked_on: true, untaken: 0 }
    }

    /// It is worked on no more, and so many octets lie ready, or may at any one time.
    pub(super) fn answered(&mut self, octets: usize) {
        self.untaken = octets;
        self.load.untaken.update(|untaken| untaken.saturating_add(octets));
        self.work_ended();
    }

    /// Notes that the client has made room for so many octets.
    pub(super) fn took(&mut self, octets: usize) {
        let taken = octets.min(self.untaken);
        self.untaken -= taken;
        self.load.untaken.update(|untaken| untaken.saturating_sub(taken));
        self.load.changed();
    }

    fn work_ended(&mut self) {
        if take(&mut self.is_worked_on) {
            self.load.worked_on.update(|count| count - 1);
        }
        self.load.changed();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.took(self.untaken);
        self.load.open.update(|count| count - 1);
        self.work_ended();
    }
}

/// Requests that were received, and have not begun.
#[derive(Default)]
pub(super) struct Queue {
    requests: VecDeque<(Request, usize, SendResponse<Bytes>)>,
    octets: usize,
}

impl Queue {
    /// Puts a request at the end, whose head has so many octets; refuses it, in a way that tells the client to ask
    /// again, where there is no room.
    pub(super) fn push(
        &mut self,
        request: Request,
        head: usize,
        mut respond: SendResponse<Bytes>,
        cx: &mut Context<'_>,
    ) {
        if !self.has_room(head) {
            // What its client has given up meanwhile takes room.
            self.requests.retain_mut(|(_, _, respond)| respond.poll_reset(cx).is_pending());
            self.octets = self.requests.iter().map(|(_, head, _)| head).sum();
        }
        if self.has_room(head) {
            self.octets += head;
            self.requests.push_back((request, head, respond));
        } else {
            respond.send_reset(Reason::REFUSED_STREAM);
        }
    }

    pub(super) fn pop(&mut self) -> Option<(Request, SendResponse<Bytes>)> {
        let (request, head, respond) = self.requests.pop_front()?;
        self.octets -= head;
        Some((request, respond))
    }

    fn has_room(&self, head: usize) -> bool {
        let is_free = self.requests.is_empty() || self.octets + head <= WAITING;
        is_free && self.requests.len() < OPEN_REQUESTS as usize
    }
}
