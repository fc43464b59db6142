//! One request over HTTP/2 and its answer.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use actix_http::body::{BodySize, BoxBody, MessageBody};
use actix_http::header::{CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING, UPGRADE};
use actix_http::{Method, Payload, Request, Response, ResponseHead, StatusCode, Version};
use actix_service::Service;
use actix_web::http::header::{Date, TryIntoHeaderValue as _};
use actix_web::web::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::uri::{Authority, PathAndQuery};
use tokio::time::timeout;

use crate::server::http2::load::Turn;

/// Octets of an answer that lie ready at once, and that a client has to take before its time is over.
pub(super) const PART: usize = 16 * 1024;

/// Has a request answered, unless its client gives it up before.
pub(super) async fn exchange<S, B>(
    request: Request,
    mut respond: SendResponse<Bytes>,
    mut turn: Turn,
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
        answered = async { app.call(request).await } => answered,
    };
    match answered {
        Ok(response) => send(response.into(), respond, &mut turn, is_head, patience).await,
        Err(error) => send(error.into(), respond, &mut turn, is_head, patience).await,
    }
}

/// As clients are told to count the octets of a head.
pub(super) fn head_length(request: &http::Request<RecvStream>) -> usize {
    let uri = request.uri();
    let (scheme, path) = (uri.scheme_str(), uri.path_and_query().map(PathAndQuery::as_str));
    let pseudo = [
        (":method", Some(request.method().as_str())),
        (":scheme", scheme),
        (":authority", uri.authority().map(Authority::as_str)),
        (":path", path),
    ];
    let pseudo = pseudo.into_iter().filter_map(|(name, value)| Some((name, value?.as_bytes())));
    let others = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    pseudo.chain(others).map(|(name, value)| name.len() + value.len() + 32).sum()
}

pub(super) fn received(request: http::Request<RecvStream>, peer: Option<SocketAddr>) -> Request {
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
    turn: &mut Turn,
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
    turn.answered(match body.size() {
        BodySize::Sized(length) => usize::try_from(length).unwrap_or(usize::MAX),
        _ => PART,
    });
    let mut body = pin!(body);
    while let Some(octets) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
        let Ok(mut octets) = octets else {
            stream.send_reset(Reason::INTERNAL_ERROR);
            return Ok(());
        };
        while !octets.is_empty() {
            let length = octets.len().min(PART);
            let part = octets.split_to(length);
            let Ok(sent) = timeout(patience, send_part(&mut stream, part)).await else {
                stream.send_reset(Reason::CANCEL);
                return Ok(());
            };
            sent?;
            turn.took(length);
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
