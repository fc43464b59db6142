//! Connections that speak HTTP/2, each with so many requests, whose heads and answers take so much room and time.
//!
//! What actix-http does for them, which sets none of these bounds and has no place for them.

mod end;
mod exchange;
mod load;
#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Poll, ready};
use std::time::Duration;

use actix_http::body::{BoxBody, MessageBody};
use actix_http::error::DispatchError;
use actix_http::{HttpMessage as _, Request, Response};
use actix_server::GracefulShutdownSignal;
use actix_service::Service;
use actix_web::rt::spawn;
use actix_web::web::Bytes;
use h2::Reason;
use h2::server::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use crate::connection::{BodyLength, GuardedStream, OpenRequest};
use crate::middleware::answer::HeadTooLarge;
use crate::server::http2::end::{End, Step};
use crate::server::http2::exchange::{PART, exchange, head_length, received};
use crate::server::http2::load::{Load, Queue, Turn};

/// Requests of a connection at once, those that wait for their turn included. What is more is refused in a way that
/// tells the client to ask again.
const OPEN_REQUESTS: u32 = 100;

/// Octets of a head, its names and values and 32 for each of them (RFC 9113, 6.5.2).
const HEAD: usize = 32 * 1024;

/// Octets of a head that are taken so that its refusal says why; of more, the protocol's own is all.
const LARGEST_HEAD: u32 = 64 * 1024;

/// Octets of bodies that a client may send before they are read.
const UNREAD: u32 = 256 * 1024;

/// Octets of one body of them, as over HTTP/1.1. Requests that wait leave room for those that are worked on.
const UNREAD_OF_A_REQUEST: u32 = 2 * 1024;
const _: () = assert!(UNREAD > OPEN_REQUESTS * UNREAD_OF_A_REQUEST);

/// How long a client may keep the service waiting.
#[derive(Clone, Copy)]
pub(crate) struct Waits {
    pub(crate) handshake: Duration,
    pub(crate) part_of_answer: Duration,
}

/// Serves a connection to its end.
pub(crate) async fn serve<T, S, B>(
    stream: GuardedStream<T>,
    peer: Option<SocketAddr>,
    app: Rc<S>,
    waits: Waits,
    stopping: GracefulShutdownSignal,
) -> Result<(), DispatchError>
where
    T: AsyncRead + AsyncWrite + Unpin,
    S: Service<Request> + 'static,
    S::Response: Into<Response<B>>,
    S::Error: Into<Response<BoxBody>>,
    B: MessageBody + 'static,
{
    let activity = stream.activity();
    let mut builder = Builder::new();
    builder.max_concurrent_streams(OPEN_REQUESTS).max_header_list_size(LARGEST_HEAD);
    builder.initial_connection_window_size(UNREAD).initial_window_size(UNREAD_OF_A_REQUEST);
    builder.max_send_buffer_size(PART);
    let handshake = timeout(waits.handshake, builder.handshake::<_, Bytes>(stream)).await;
    let mut connection = handshake.map_err(|_elapsed| DispatchError::SlowRequestTimeout)??;
    let (load, mut queue, mut end) = (Rc::new(Load::default()), Queue::default(), End::new(stopping));
    let begin = |request, respond| {
        let (app, activity, turn) = (Rc::clone(&app), Rc::clone(&activity), Turn::begin(&load));
        spawn(async move {
            let _open_request = OpenRequest::begin(activity, BodyLength::Octets(0)).await;
            // A connection that broke under it, which ends of itself, or an answer that did.
            let _broken = exchange(request, respond, turn, &*app, waits.part_of_answer).await;
        });
    };
    poll_fn(|cx| {
        load.wake_when_it_changes(cx);
        loop {
            while let Poll::Ready(accepted) = connection.poll_accept(cx) {
                let Some(accepted) = accepted else { return Poll::Ready(Ok(())) };
                let (request, respond) = accepted?;
                let head = head_length(&request);
                let request = received(request, peer);
                if head > HEAD {
                    request.extensions_mut().insert(HeadTooLarge);
                }
                queue.push(request, head, respond, cx);
            }
            while !activity.is_blocked() && load.has_room() {
                let Some((request, respond)) = queue.pop() else { break };
                begin(request, respond);
            }
            match ready!(end.poll_next(cx, load.is_idle() && !activity.is_blocked())) {
                Step::Announce => connection.graceful_shutdown(),
                Step::Close => connection.abrupt_shutdown(Reason::NO_ERROR),
            }
        }
    })
    .await
}
