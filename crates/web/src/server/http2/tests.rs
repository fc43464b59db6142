use std::cell::Cell;
use std::future::ready;
use std::sync::Arc;

use actix_server::ServerBuilder;
use actix_service::fn_service;
use futures_util::StreamExt as _;
use h2::SendStream;
use h2::client::{self, ResponseFuture, SendRequest};
use tokio::io::{DuplexStream, duplex};
use tokio::time::sleep;

use super::*;
use crate::connection::Patience;
use crate::testing::settings;

const LONG: Duration = Duration::from_mins(1);

/// A connection whose stream takes so many octets before its client reads, and how many requests it has begun. Each is
/// read whole and answered with so many octets.
fn served(answer: usize, taken: usize) -> (DuplexStream, Rc<Cell<usize>>) {
    let (begun, (stream, other)) = (Rc::new(Cell::new(0)), duplex(taken));
    let patience = Patience { idle: LONG, unread: LONG };
    let guarded = GuardedStream::new(other, Arc::new(settings()), patience, false);
    let count = Rc::clone(&begun);
    let app = fn_service(move |mut request: Request| {
        count.update(|begun| begun + 1);
        async move {
            request.take_payload().for_each(|_| ready(())).await;
            Ok::<_, Response<BoxBody>>(Response::ok().set_body(Bytes::from(vec![b'x'; answer])))
        }
    });
    let waits = Waits { handshake: LONG, part_of_answer: LONG };
    let stopping = ServerBuilder::new().graceful_shutdown_signal();
    spawn(serve(guarded, None, Rc::new(app), waits, stopping));
    (stream, begun)
}

type Asked = (ResponseFuture, SendStream<Bytes>);

fn ask(client: &mut SendRequest<Bytes>, count: usize, head: usize, is_whole: bool) -> Vec<Asked> {
    let request = || http::Request::post("https://localhost/").header("x", "x".repeat(head)).body(()).unwrap();
    (0..count).map(|_| client.send_request(request(), is_whole).unwrap()).collect()
}

/// Longer than anything here takes that does not wait for its client.
async fn settle() {
    sleep(Duration::from_millis(300)).await;
}

/// The octets of each answer; `None` of those that were refused.
async fn taken(asked: Vec<Asked>) -> Vec<Option<usize>> {
    let take = async |(response, _): Asked| {
        let answer = response.await.map_err(|error| assert_eq!(error.reason(), Some(Reason::REFUSED_STREAM))).ok()?;
        let (mut body, mut octets) = (answer.into_body(), 0);
        while let Some(part) = body.data().await {
            let length = part.unwrap().len();
            octets += length;
            body.flow_control().release_capacity(length).unwrap();
        }
        Some(octets)
    };
    timeout(LONG / 2, futures_util::future::join_all(asked.into_iter().map(take))).await.unwrap()
}

#[actix_web::test]
async fn no_request_begins_while_answers_lie_untaken_and_each_has_its_answer_at_last() {
    let (stream, begun) = served(32 * 1024, 1 << 20);
    let (mut client, connection) = client::handshake(stream).await.unwrap();
    spawn(connection);
    let asked = ask(&mut client, 100, 1, true);
    settle().await;
    // One has found the room that a client gives of itself, which is short of two by an octet; eight lie there.
    assert_eq!(begun.get(), 9);
    assert_eq!(taken(asked).await, [Some(32 * 1024); 100]);
    assert_eq!(begun.get(), 100);
}

#[actix_web::test]
async fn no_request_begins_while_its_client_reads_nothing() {
    let (stream, begun) = served(1024, 8 * 1024);
    let mut builder = client::Builder::new();
    builder.initial_window_size(1 << 30).initial_connection_window_size(1 << 30);
    let (mut client, connection) = builder.handshake(stream).await.unwrap();
    let mut connection = Box::pin(connection);
    let asked = ask(&mut client, 100, 1, true);
    assert!(futures_util::poll!(&mut connection).is_pending());
    settle().await;
    assert!((8..50).contains(&begun.get()), "{} have begun", begun.get());
    spawn(connection);
    assert_eq!(taken(asked).await, [Some(1024); 100]);
}

#[actix_web::test]
async fn large_heads_that_wait_are_refused_and_those_given_up_leave_their_room() {
    let (stream, _) = served(32 * 1024, 1 << 20);
    let (mut client, connection) = client::handshake(stream).await.unwrap();
    spawn(connection);
    let begun = ask(&mut client, 8, 1, true);
    settle().await;
    let mut waiting = ask(&mut client, 12, 30_000, true);
    settle().await;
    waiting.drain(..4);
    settle().await;
    let after = ask(&mut client, 4, 30_000, true);
    settle().await;
    let answers = taken(begun.into_iter().chain(waiting).chain(after).collect()).await;
    let whole = Some(32 * 1024);
    assert_eq!(answers[..12], [whole; 12]);
    assert_eq!(answers[12..16], [None; 4]);
    assert_eq!(answers[16..], [whole; 4]);
}

#[actix_web::test]
async fn bodies_of_requests_that_wait_leave_room_for_those_of_requests_that_have_begun() {
    let (stream, begun) = served(1, 1 << 20);
    let (mut client, connection) = client::handshake(stream).await.unwrap();
    spawn(connection);
    settle().await;
    let mut asked = ask(&mut client, 50, 1, false);
    settle().await;
    assert_eq!(begun.get(), 8);
    for (_, body) in asked.iter_mut().rev() {
        body.send_data(vec![b'x'; 16 * 1024].into(), true).unwrap();
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(taken(asked).await, [Some(1); 50]);
}
