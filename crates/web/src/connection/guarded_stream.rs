//! Reads and writes of a connection, within bounds.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_web::rt::time::{Sleep, sleep_until};
use actix_web::web::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::connection::framing::{Framing, Refused};
use crate::connection::refusal::BareAnswer;
use crate::connection::{Activity, Patience};
use crate::settings::WebSettings;

/// Octets that are read at once, and that are handed on of a body ahead of who reads it.
const READ_AHEAD: usize = 2 * 1024;

/// No head has it anywhere: whatever was parsed so far becomes a 400.
const NOT_OF_A_HEAD: &[u8] = b"\0";

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
    framing: Framing,
    /// Read, and not handed on: it belongs to the next request, which would take some 7 KiB of memory while it waits for
    /// its turn, however short it is.
    held: Bytes,
    /// Whether its client has sent anything yet.
    is_used: bool,
    settings: Arc<WebSettings>,
    /// What is yet to be written of an answer in place of a bare one.
    completed: Bytes,
    /// Since when the client has not taken all that lies ready for it.
    blocked_since: Option<Instant>,
    /// Looks at the deadline now and then; requests do not move it.
    alarm: Pin<Box<Sleep>>,
}

impl<T> GuardedStream<T> {
    pub(crate) fn new(stream: T, settings: Arc<WebSettings>, patience: Patience, is_http1: bool) -> Self {
        Self {
            stream,
            patience,
            activity: Rc::new(Activity::new()),
            is_http1,
            read_in_this_turn: 0,
            read_ahead: 0,
            framing: Framing::new(),
            held: Bytes::new(),
            is_used: false,
            settings,
            completed: Bytes::new(),
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
            self.activity.blocked.set(true);
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
        if self.framing.is_unknown() {
            let Some(length) = self.activity.body_length.take() else {
                self.read_in_this_turn = 0;
                self.activity.wake_when_it_moves_on(cx);
                return true;
            };
            self.framing.follow(length);
            self.read_ahead = 0;
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

impl<T: AsyncRead + Unpin> GuardedStream<T> {
    /// Reads on once nothing is held; then it holds nothing only at the end.
    fn poll_hold(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.held.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let mut octets = [0; READ_AHEAD];
        let mut part = ReadBuf::new(&mut octets[..READ_AHEAD - self.read_in_this_turn]);
        let read = Pin::new(&mut self.stream).poll_read(cx, &mut part);
        if read.is_pending() {
            self.read_in_this_turn = 0;
        }
        self.read_in_this_turn += part.filled().len();
        self.held = Bytes::copy_from_slice(part.filled());
        self.is_used |= !self.held.is_empty();
        read
    }

    /// Hands on what the framing lets through, and says when it lets nothing through any more.
    fn hand_on(&mut self, cx: &Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.held.is_empty() && self.framing.is_before_request() && self.activity.idle_since().is_none() {
            // Of a request with a body the framework would take the answer before it for the last one.
            self.read_in_this_turn = 0;
            self.activity.wake_when_it_moves_on(cx);
            return Poll::Pending;
        }
        let passed = self.framing.pass(&self.held[..self.held.len().min(buf.remaining())]);
        if passed > 0 || self.held.is_empty() {
            self.read_ahead += passed;
            buf.put_slice(&self.held.split_to(passed));
            return Poll::Ready(Ok(()));
        }
        self.held.clear();
        match self.framing.refused() {
            Some(Refused::Head) => {
                buf.put_slice(NOT_OF_A_HEAD);
                return Poll::Ready(Ok(()));
            }
            Some(Refused::Body) => self.activity.refused_body.set(true),
            // Read for a while, so that the client gets to read why.
            _ => {}
        }
        cx.waker().wake_by_ref();
        Poll::Pending
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
        ready!(this.poll_hold(cx))?;
        this.hand_on(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> GuardedStream<T> {
    fn poll_write_some(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write(cx, octets) {
            return Poll::Ready(match written {
                Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                written => written,
            });
        }
        self.blocked(cx)?;
        Poll::Pending
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for GuardedStream<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        match BareAnswer::ending(octets).filter(|_| this.is_http1) {
            Some(bare) if bare.at == 0 => {
                if this.completed.is_empty() {
                    this.completed = bare.completed(&this.settings, this.is_used);
                }
                while !this.completed.is_empty() {
                    let written = ready!(this.poll_write_some(cx, &this.completed.clone()))?;
                    let _written = this.completed.split_to(written);
                }
                Poll::Ready(Ok(octets.len()))
            }
            Some(bare) => this.poll_write_some(cx, &octets[..bare.at]),
            None => this.poll_write_some(cx, octets),
        }
    }

    /// Comes once everything is written: only then the client has taken what lay ready.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Poll::Ready(flushed) = Pin::new(&mut this.stream).poll_flush(cx) {
            if this.blocked_since.take().is_some() {
                this.activity.blocked.set(false);
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
