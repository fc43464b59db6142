//! Calls that arrive together.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Barrier;

use crate::support::answer::{Answer, Call};

/// Sends the calls at once: every socket is connected and has sent all but its last octet before any sends that; the
/// answers in the same order.
pub(crate) async fn at_once(calls: impl IntoIterator<Item = Call>) -> Vec<Answer> {
    let calls: Vec<Call> = calls.into_iter().collect();
    let barrier = Arc::new(Barrier::new(calls.len()));
    let sent: Vec<_> = calls.into_iter().map(|call| tokio::spawn(aim_and_fire(call, Arc::clone(&barrier)))).collect();
    let mut answers = Vec::with_capacity(sent.len());
    for answer in sent {
        answers.push(answer.await.unwrap());
    }
    answers
}

async fn aim_and_fire(call: Call, barrier: Arc<Barrier>) -> Answer {
    let (_, request, expectation) = call.into_request().unwrap();
    let octets = written_out(&request);
    let (last, all_but_the_last) = octets.split_last().unwrap();
    let address = (request.url().host_str().unwrap().to_owned(), request.url().port().unwrap());
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    socket.write_all(all_but_the_last).await.unwrap();
    barrier.wait().await;
    socket.write_all(&[*last]).await.unwrap();
    let mut received = Vec::new();
    socket.read_to_end(&mut received).await.unwrap();
    expectation.met_by(read(&String::from_utf8(received).unwrap()))
}

/// A request as HTTP/1.1, whose answer ends with the connection.
fn written_out(request: &reqwest::Request) -> Vec<u8> {
    let url = request.url();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let body = request.body().map(|body| body.as_bytes().unwrap()).unwrap_or_default();
    let mut octets = format!(
        "{} {}{query} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n",
        request.method(),
        url.path(),
        url.authority(),
        body.len()
    )
    .into_bytes();
    for (name, value) in request.headers() {
        octets.extend_from_slice(name.as_str().as_bytes());
        octets.extend_from_slice(b": ");
        octets.extend_from_slice(value.as_bytes());
        octets.extend_from_slice(b"\r\n");
    }
    octets.extend_from_slice(b"\r\n");
    octets.extend_from_slice(body);
    octets
}

/// An answer that was read to the end of its connection.
pub(crate) fn read(received: &str) -> Answer {
    let (head, text) = received.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {received:?}"));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    // Without a length nobody knows whether the body is whole.
    let length = headers.get("content-length").map_or(Some(0), |value| value.to_str().unwrap().parse().ok());
    assert_eq!(length, Some(text.len()), "{received}");
    Answer { status: status.unwrap(), headers, text: text.to_owned() }
}

/// How many of the answers have this status.
pub(crate) fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

/// How often each status was answered.
pub(crate) fn tally(answers: &[Answer]) -> BTreeMap<u16, usize> {
    answers.iter().fold(BTreeMap::new(), |mut counts, answer| {
        *counts.entry(answer.status).or_default() += 1;
        counts
    })
}
