//! Hands answers over to clients that may not take them, and ends requests whose body nobody reads.

use std::cell::RefCell;
use std::error::Error as StdError;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage as _};
use futures_util::Stream;

use crate::connection::{Activity, BodyLength, OpenRequest};

/// Octets that are handed over at once: about what an answer that is not taken holds beyond itself.
const PART: usize = 16 * 1024;

pub(crate) async fn delivery(mut req: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<Delivery>, Error> {
    let payload = req.take_payload();
    let length = body_length(&req, &payload);
    let open_request = match req.conn_data::<Rc<Activity>>().cloned() {
        Some(activity) => Some(Rc::new(OpenRequest::begin(activity, length).await)),
        None => None,
    };
    let request_body = keep_body(&mut req, payload, length, open_request.clone());
    let asks_to_upgrade = req.head().upgrade();
    let mut response = next.call(req).await?;
    if asks_to_upgrade && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        // The framework reads no more of such a connection, and would not say so.
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response.map_body(|_, body| {
        let size = body.size();
        let rest = body.try_into_bytes().map_or_else(Rest::Stream, Rest::Octets);
        Delivery { size, rest, _open_request: open_request, _request_body: request_body }
    }))
}

/// An answer that is handed over in parts. Its request is under way until it is dropped, streamed or not.
pub(crate) struct Delivery {
    size: BodySize,
    rest: Rest,
    _open_request: Option<Rc<OpenRequest>>,
    /// As long as it is there, what is left of the request is not waited for: the connection closes after the answer.
    /// A body in chunks that nobody holds would be read to its end, and an attacker's has none.
    _request_body: Option<SharedBody>,
}

enum Rest {
    Octets(Bytes),
    Stream(BoxBody),
}

impl MessageBody for Delivery {
    type Error = Box<dyn StdError>;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        match &mut self.rest {
            Rest::Octets(octets) => {
                let length = octets.len().min(PART);
                Poll::Ready((length > 0).then(|| Ok(octets.split_to(length))))
            }
            Rest::Stream(stream) => Pin::new(stream).poll_next(cx),
        }
    }
}

/// A request body that endpoints read and [`Delivery`] keeps.
#[derive(Clone)]
struct SharedBody {
    payload: Rc<RefCell<Payload>>,
    /// Octets to its end, unless it comes in chunks. Of a request that asks for another protocol, which need not be
    /// heeded, the framework would read on for ever (RFC 9110, 7.8).
    left: Option<u64>,
    open_request: Option<Rc<OpenRequest>>,
}

impl Stream for SharedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.left == Some(0) {
            return Poll::Ready(None);
        }
        if self.open_request.as_ref().is_some_and(|open_request| open_request.has_refused_body()) {
            return Poll::Ready(Some(Err(PayloadError::EncodingCorrupted)));
        }
        let part = Pin::new(&mut *self.payload.borrow_mut()).poll_next(cx);
        if let (Poll::Ready(Some(_)), Some(open_request)) = (&part, &self.open_request) {
            open_request.take_body();
        }
        if let (Poll::Ready(Some(Ok(octets))), Some(left)) = (&part, &mut self.left) {
            *left = left.saturating_sub(octets.len() as u64);
        }
        part
    }
}

/// As the framework has read it from the head.
fn body_length(req: &ServiceRequest, payload: &Payload) -> BodyLength {
    let announced = || req.headers().get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok();
    match payload {
        Payload::H1 { .. } if req.chunked().unwrap_or(false) => BodyLength::Chunks,
        Payload::H1 { .. } => BodyLength::Octets(announced().unwrap_or(0)),
        _ => BodyLength::Octets(0),
    }
}

/// Only HTTP/1.1 has to read a body to get at the next request.
fn keep_body(
    req: &mut ServiceRequest,
    payload: Payload,
    length: BodyLength,
    open_request: Option<Rc<OpenRequest>>,
) -> Option<SharedBody> {
    match payload {
        payload @ Payload::H1 { .. } => {
            let left = match length {
                BodyLength::Octets(octets) => Some(octets),
                BodyLength::Chunks => None,
            };
            let shared = SharedBody { payload: Rc::new(RefCell::new(payload)), left, open_request };
            req.set_payload(Payload::Stream { payload: Box::pin(shared.clone()) });
            Some(shared)
        }
        other => {
            req.set_payload(other);
            None
        }
    }
}
