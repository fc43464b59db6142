//! Reads and writes of a connection, within bounds.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::rt::time::{Sleep, sleep_until};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::connection::{Activity, Patience};

/// Octets that are read at once, and that are read ahead of the request that is worked on. A request that waits for
/// its turn takes some 7 KiB of memory, however short it was.
const READ_AHEAD: usize = 2 * 1024;

/// A stream that fails once its client has been without use for too long, and that reads no more of HTTP/1.1 than can
/// be answered.
pub(crate) struct GuardedStream<T> {
    stream: T,
    patience: Patience,
    activity: Rc<Activity>,
    is_http1: bool,
    read_in_this_turn: usize,
    /// Since the request that is worked on began, or took the latest part of its body.
    read_ahead: usize,
    /// Since when the client has not taken all that lies ready for it.
    blocked_since: Option<Instant>,
    /// Looks at the deadline now and then; requests do not move it.
    alarm: Pin<Box<Sleep>>,
}

impl<T> GuardedStream<T> {
    pub(crate) fn new(stream: T, patience: Patience, is_http1: bool) -> Self {
        Self {
            stream,
            patience,
            activity: Rc::new(Activity::new()),
            is_http1,
            read_in_this_turn: 0,
            read_ahead: 0,
            blocked_since: None,
            alarm: Box::pin(sleep_until(Instant::now() + patience.idle)),
        }
    }

    /// What the requests of the connection are entered into.
    pub(crate) fn activity(&self) -> Rc<Activity> {
        self.activity.clone()
    }

    /// When it will have been without use for too long, if nothing happens before; never while it is worked for.
    fn deadline(&self) -> Option<Instant> {
        match self.blocked_since {
            Some(since) => Some(since + self.patience.unread),
            None => self.activity.idle_since().map(|since| since + self.patience.idle),
        }
    }

    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while self.alarm.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            let next = self.deadline().unwrap_or_else(|| now + self.patience.idle.min(self.patience.unread));
            if next <= now {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.alarm.as_mut().reset(next);
        }
        Ok(())
    }

    fn blocked(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.blocked_since.is_none() {
            let now = Instant::now();
            self.blocked_since = Some(now);
            if now + self.patience.unread < self.alarm.deadline() {
                self.alarm.as_mut().reset(now + self.patience.unread);
            }
        }
        self.check(cx)
    }

    /// Whether reading has to wait; what it waits for will wake it.
    fn must_wait(&mut self, cx: &Context<'_>) -> bool {
        if !self.is_http1 {
            return false;
        }
        if self.blocked_since.is_some() {
            return true;
        }
        if self.read_in_this_turn >= READ_AHEAD {
            self.read_in_this_turn = 0;
            cx.waker().wake_by_ref();
            return true;
        }
        if self.activity.has_moved_on() {
            self.read_ahead = 0;
        }
        if self.read_ahead >= READ_AHEAD {
            self.activity.wake_when_it_moves_on(cx);
            return true;
        }
        false
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for GuardedStream<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.check(cx)?;
        if this.must_wait(cx) {
            return Poll::Pending;
        }
        if !this.is_http1 {
            return Pin::new(&mut this.stream).poll_read(cx, buf);
        }
        let mut octets = [0; READ_AHEAD];
        let room = buf.remaining().min(READ_AHEAD - this.read_in_this_turn);
        let mut part = ReadBuf::new(&mut octets[..room]);
        if Pin::new(&mut this.stream).poll_read(cx, &mut part)?.is_pending() {
            this.read_in_this_turn = 0;
            return Poll::Pending;
        }
        this.read_in_this_turn += part.filled().len();
        this.read_ahead += part.filled().len();
        buf.put_slice(part.filled());
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for GuardedStream<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if let Poll::Ready(written) = Pin::new(&mut this.stream).poll_write(cx, octets) {
            return Poll::Ready(written);
        }
        this.blocked(cx)?;
        Poll::Pending
    }

    /// Comes once everything is written: only then the client has taken what lay ready.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Poll::Ready(flushed) = Pin::new(&mut this.stream).poll_flush(cx) {
            if this.blocked_since.take().is_some() {
                cx.waker().wake_by_ref();
            }
            return Poll::Ready(flushed);
        }
        this.blocked(cx)?;
        Poll::Pending
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Poll::Ready(shut) = Pin::new(&mut this.stream).poll_shutdown(cx) {
            return Poll::Ready(shut);
        }
        this.blocked(cx)?;
        Poll::Pending
    }
}
