//! What holds over HTTP/1.1 holds over HTTP/2.

mod bounds;
mod frames;
mod limits;

use std::io::Cursor;
use std::time::{Duration, Instant};

use h2::client::SendRequest;
use http::{HeaderMap, Request};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::support::{Confidences, PASSWORD};
use crate::tls::HttpsServer;

/// What bodies are sent from.
type Octets = Cursor<Vec<u8>>;
type Sent = Request<Vec<u8>>;

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// A connection that speaks HTTP/2.
#[derive(Clone)]
struct Client {
    sender: SendRequest<Octets>,
    confidences: Confidences,
}

/// A connection, and the task that ends with it.
async fn connect(server: &HttpsServer) -> (Client, JoinHandle<()>) {
    let stream = server.connect("h2").await;
    let (sender, connection) = h2::client::Builder::new().handshake::<_, Octets>(stream).await.unwrap();
    let ended = tokio::spawn(async move {
        let _however_it_ended = connection.await;
    });
    (Client { sender, confidences: server.confidences.clone() }, ended)
}

fn request(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(format!("https://localhost{path}"))
}

fn login(body: Vec<u8>) -> Sent {
    request("POST", "/auth/login").header("content-type", "application/json").body(body).unwrap()
}

/// As it would be over HTTP/1.1.
fn written_out(request: &Sent) -> Vec<u8> {
    let authorization = request.headers().get("authorization").map_or("", |value| value.to_str().unwrap());
    let (method, target) = (request.method(), request.uri().path_and_query().unwrap());
    let head = format!("{method} {target} HTTP/1.1\r\nAuthorization: {authorization}\r\n\r\n");
    [head.as_bytes(), request.body()].concat()
}

async fn call(client: &Client, request: Sent) -> Answer {
    client.confidences.note_octets(&written_out(&request));
    let mut sender = client.sender.clone().ready().await.unwrap();
    let (head, body) = request.into_parts();
    let (response, mut stream) = sender.send_request(Request::from_parts(head, ()), body.is_empty()).unwrap();
    if !body.is_empty() {
        // The server may have refused it meanwhile.
        let _refused = stream.send_data(Cursor::new(body), true);
    }
    let (head, mut stream) = response.await.unwrap().into_parts();
    let mut body = Vec::new();
    while let Some(part) = stream.data().await {
        let part = part.unwrap();
        stream.flow_control().release_capacity(part.len()).unwrap();
        body.extend_from_slice(&part);
    }
    client.confidences.note_answer(&String::from_utf8_lossy(&body));
    Answer { status: head.status.as_u16(), headers: head.headers, body }
}

#[tokio::test]
async fn headers_limits_and_problems_are_the_same_over_http2() {
    let server = HttpsServer::with(&[]).await;
    let (client, _ended) = connect(&server).await;
    let plain = request("POST", "/auth/login").header("content-type", "text/plain").body(b"{}".to_vec()).unwrap();
    let large = vec![b' '; 64 * 1024 + 1];
    let mut announced = login(large.clone());
    announced.headers_mut().insert("content-length", large.len().into());
    for (sent, status, code) in [
        (request("GET", "/health/live").body(vec![]).unwrap(), 200, ""),
        (request("GET", "/auth/me").body(vec![]).unwrap(), 401, "authentication_required"),
        (request("GET", "/nothing").body(vec![]).unwrap(), 404, "not_found"),
        (request("PUT", "/auth/login").body(vec![]).unwrap(), 405, "method_not_allowed"),
        (plain, 415, "unsupported_media_type"),
        (login(b"{".to_vec()), 400, "malformed_body"),
        (login(b"{}".to_vec()), 422, "validation_failed"),
        (login(large), 413, "payload_too_large"),
        (announced, 413, "payload_too_large"),
    ] {
        let answer = call(&client, sent).await;
        assert_eq!(answer.status, status, "{:?}", answer.headers);
        for name in ["x-content-type-options", "strict-transport-security", "x-request-id"] {
            assert!(answer.headers.contains_key(name), "{name} is missing: {:?}", answer.headers);
        }
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert!(!answer.headers.contains_key("connection"), "{:?}", answer.headers);
        if !code.is_empty() {
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!((body["code"].as_str(), body["status"].as_u64()), (Some(code), Some(status.into())));
        }
    }
    let many: Vec<_> = (0..20).map(|_| request("GET", "/openapi.json").body(vec![]).unwrap()).collect();
    let many: Vec<_> = many.into_iter().map(|sent| (client.clone(), sent)).collect();
    let calls = many.into_iter().map(|(client, sent)| tokio::spawn(async move { call(&client, sent).await }));
    for answer in calls.collect::<Vec<_>>() {
        let answer = answer.await.unwrap();
        assert!(answer.status == 200 && answer.body.len() > 64 * 1024);
    }
}

#[tokio::test]
async fn a_session_that_ended_before_the_body_came_ends_no_others_over_http2() {
    let server = HttpsServer::with(&[]).await;
    let (client, _ended) = connect(&server).await;
    let account =
        json!({"email": "owner@example.org", "password": PASSWORD, "first_name": "First", "last_name": "Last"});
    let register = request("POST", "/auth/register").header("content-type", "application/json");
    assert_eq!(call(&client, register.body(account.to_string().into()).unwrap()).await.status, 201);
    let mut tokens = vec![];
    for _ in 0..2 {
        let answer: Value =
            serde_json::from_slice(&call(&client, login(account.to_string().into())).await.body).unwrap();
        tokens.push(format!("Bearer {}", answer["access_token"].as_str().unwrap()));
    }
    let by = |method, path, token: &String| request(method, path).header("authorization", token);
    let late = by("POST", "/auth/logout?scope=all", &tokens[0]).header("content-type", "application/json");
    let mut sender = client.sender.clone().ready().await.unwrap();
    let (response, mut stream) = sender.send_request(late.body(()).unwrap(), false).unwrap();
    stream.send_data(Cursor::new(b"{".to_vec()), false).unwrap();
    sleep(Duration::from_millis(300)).await;
    let end_others = by("POST", "/auth/logout?scope=others", &tokens[1]).body(vec![]).unwrap();
    assert_eq!(call(&client, end_others).await.status, 204);
    stream.send_data(Cursor::new(b"}".to_vec()), true).unwrap();
    assert_eq!(response.await.unwrap().status(), 401);
    assert_eq!(call(&client, by("GET", "/auth/me", &tokens[1]).body(vec![]).unwrap()).await.status, 200);
}

#[tokio::test]
async fn a_connection_of_http2_that_asks_nothing_is_closed() {
    let server = HttpsServer::with(&[("COUNTERSIGN__SERVER__KEEP_ALIVE", "1s")]).await;
    let (client, ended) = connect(&server).await;
    let start = Instant::now();
    assert_eq!(call(&client, request("GET", "/health/live").body(vec![]).unwrap()).await.status, 200);
    tokio::time::timeout(Duration::from_secs(12), ended).await.unwrap().unwrap();
    assert!(start.elapsed() > Duration::from_secs(1), "{:?}", start.elapsed());
}
