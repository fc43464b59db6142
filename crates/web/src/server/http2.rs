//! Connections that speak HTTP/2, each with so many requests, whose heads and answers take so much room and time.
//!
//! What actix-http does for them, which sets none of these bounds and has no place for them.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use actix_http::body::{BodySize, BoxBody, MessageBody};
use actix_http::error::DispatchError;
use actix_http::header::{CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING, UPGRADE};
use actix_http::{Method, Payload, Request, Response, ResponseHead, StatusCode, Version};
use actix_server::GracefulShutdownSignal;
use actix_service::Service;
use actix_web::http::header::{Date, TryIntoHeaderValue as _};
use actix_web::rt::spawn;
use actix_web::web::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use crate::connection::{BodyLength, GuardedStream, OpenRequest};

/// Requests of a connection at once. What is more is refused in a way that tells the client to ask again.
const OPEN_REQUESTS: u32 = 100;

/// Octets of a head, its names and values and 32 for each of them (RFC 9113, 6.5.2).
const HEAD: u32 = 32 * 1024;

/// Octets of bodies that a client may send before they are read.
const UNREAD: u32 = 256 * 1024;

/// Octets of an answer that lie ready at once, and that a client has to take before its time is over.
const PART: usize = 16 * 1024;

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
    builder.max_concurrent_streams(OPEN_REQUESTS).max_header_list_size(HEAD);
    builder.initial_connection_window_size(UNREAD).max_send_buffer_size(PART);
    let handshake = timeout(waits.handshake, builder.handshake::<_, Bytes>(stream)).await;
    let mut connection = handshake.map_err(|_elapsed| DispatchError::SlowRequestTimeout)??;
    let mut stopping = pin!(async move { stopping.notified().await });
    let mut is_stopping = false;
    loop {
        let accepted = poll_fn(|cx| {
            if !is_stopping && stopping.as_mut().poll(cx).is_ready() {
                is_stopping = true;
                connection.graceful_shutdown();
            }
            connection.poll_accept(cx)
        });
        let Some(accepted) = accepted.await else { return Ok(()) };
        let (request, respond) = accepted?;
        let (app, activity) = (Rc::clone(&app), Rc::clone(&activity));
        spawn(async move {
            let _open_request = OpenRequest::begin(activity, BodyLength::Octets(0)).await;
            // A connection that broke under it, which ends of itself, or an answer that did.
            let _broken = exchange(request, respond, peer, &*app, waits.part_of_answer).await;
        });
    }
}

/// Has a request answered, unless its client gives it up before.
async fn exchange<S, B>(
    request: http::Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    peer: Option<SocketAddr>,
    app: &S,
    patience: Duration,
) -> Result<(), h2::Error>
where
    S: Service<Request>,
    S::Response: Into<Response<B>>,
    S::Error: Into<Response<BoxBody>>,
    B: MessageBody,
{
    let is_head = request.method() == Method::HEAD;
    let answered = tokio::select! {
        biased;
        _given_up = poll_fn(|cx| respond.poll_reset(cx)) => return Ok(()),
        answered = async { app.call(received(request, peer)).await } => answered,
    };
    match answered {
        Ok(response) => send(response.into(), respond, is_head, patience).await,
        Err(error) => send(error.into(), respond, is_head, patience).await,
    }
}

fn received(request: http::Request<RecvStream>, peer: Option<SocketAddr>) -> Request {
    let (parts, body) = request.into_parts();
    let mut request = Request::with_payload(Payload::from(body));
    let head = request.head_mut();
    head.method = parts.method;
    head.uri = parts.uri;
    head.version = parts.version;
    head.headers = parts.headers.into();
    head.peer_addr = peer;
    request
}

async fn send<B: MessageBody>(
    response: Response<B>,
    mut respond: SendResponse<Bytes>,
    is_head: bool,
    patience: Duration,
) -> Result<(), h2::Error> {
    let (response, body) = response.into_parts();
    let head = head_to_send(response.head(), body.size());
    let is_whole = is_head || body.size().is_eof() || has_no_body(response.status());
    let mut stream = respond.send_response(head, is_whole)?;
    if is_whole {
        return Ok(());
    }
    let mut body = pin!(body);
    while let Some(octets) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
        let Ok(mut octets) = octets else {
            stream.send_reset(Reason::INTERNAL_ERROR);
            return Ok(());
        };
        while !octets.is_empty() {
            let part = octets.split_to(octets.len().min(PART));
            let Ok(sent) = timeout(patience, send_part(&mut stream, part)).await else {
                stream.send_reset(Reason::CANCEL);
                return Ok(());
            };
            sent?;
        }
    }
    stream.send_data(Bytes::new(), true)
}

/// Sends it as the client makes room for it.
async fn send_part(stream: &mut SendStream<Bytes>, mut part: Bytes) -> Result<(), h2::Error> {
    while !part.is_empty() {
        stream.reserve_capacity(part.len());
        let room = poll_fn(|cx| stream.poll_capacity(cx)).await.ok_or(Reason::CANCEL)??;
        stream.send_data(part.split_to(part.len().min(room)), false)?;
    }
    Ok(())
}

fn has_no_body(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// Without what only HTTP/1.1 knows (RFC 9113, 8.2.2).
fn head_to_send(head: &ResponseHead, size: BodySize) -> http::Response<()> {
    let mut sent = http::Response::new(());
    *sent.status_mut() = head.status;
    *sent.version_mut() = Version::HTTP_2;
    let headers = sent.headers_mut();
    for (name, value) in &head.headers {
        let is_of_http1 = [CONNECTION, TRANSFER_ENCODING, UPGRADE].contains(name) || name == "keep-alive";
        if !is_of_http1 && (name != CONTENT_LENGTH || size == BodySize::Stream) {
            headers.append(name, value.clone());
        }
    }
    if let (BodySize::Sized(length), false) = (size, head.status == StatusCode::NO_CONTENT) {
        headers.insert(CONTENT_LENGTH, length.into());
    }
    if let (false, Ok(now)) = (headers.contains_key(DATE), Date::now().try_into_value()) {
        headers.insert(DATE, now);
    }
    sent
}
