//! What a client of HTTP/2 may hold, and for how long.

use std::time::{Duration, Instant};

use http::Request;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::support::{PASSWORD, Rows};
use crate::tls::HttpsServer;
use crate::tls::http2::frames::{Frame, Frames, REFUSED_STREAM};
use crate::tls::http2::{call, connect, request};

const LARGE: &str = "/openapi.json";

#[tokio::test]
async fn requests_beyond_the_bound_of_a_connection_are_refused() {
    let server = HttpsServer::with(&[]);
    let mut client = Frames::connect(&server, 0).await;
    for _ in 0..250 {
        client.get(LARGE).await;
    }
    let (mut open, mut refused, mut announced) = (0, 0, vec![]);
    while open + refused < 250 {
        match client.next().await {
            Some(Frame::Settings(settings)) => announced = settings,
            Some(Frame::Headers) => open += 1,
            Some(Frame::Reset(REFUSED_STREAM)) => refused += 1,
            Some(Frame::Other) => {}
            other => panic!("{open} open, {refused} refused, then {other:?}"),
        }
    }
    assert_eq!((open, refused), (100, 150));
    assert!(announced.contains(&(3, 100)) && announced.contains(&(6, 32 * 1024)), "{announced:?}");
    let (sender, _ended) = connect(&server).await;
    assert_eq!(call(&sender, request("GET", "/health/live").body(vec![]).unwrap()).await.status, 200);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_over_http2() {
    let server = HttpsServer::with(&[]);
    let (sender, _ended) = connect(&server).await;
    for (length, status) in [(16 * 1024, 200), (33 * 1024, 431)] {
        let live = request("GET", "/health/live").header("x-long", "x".repeat(length));
        assert_eq!(call(&sender, live.body(vec![]).unwrap()).await.status, status, "{length}");
    }
}

#[tokio::test]
async fn an_answer_that_is_given_no_room_is_ended_though_its_client_is_there() {
    let server = HttpsServer::with(&[("COUNTERSIGN__SERVER__ANSWER_TIMEOUT", "2s")]);
    let mut client = Frames::connect(&server, 0).await;
    client.get(LARGE).await;
    // And one whose client begins to take it, and then by the octet.
    let slow = client.get(LARGE).await;
    let start = Instant::now();
    let mut ended = 0;
    while ended < 2 {
        client.make_room(slow, 1).await;
        match timeout(Duration::from_millis(100), client.next()).await {
            Ok(Some(Frame::Reset(_))) => ended += 1,
            Ok(None) => panic!("the connection ended"),
            _ => assert!(start.elapsed() < Duration::from_secs(8), "{ended} answers were ended"),
        }
    }
    assert!(start.elapsed() >= Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_streamed_answer_may_be_read_for_longer_than_a_connection_may_idle() {
    let server = HttpsServer::with(&[("COUNTERSIGN__SERVER__KEEP_ALIVE", "1s")]);
    let (sender, _ended) = connect(&server).await;
    let post = |path: &str, body: &Value| {
        request("POST", path).header("content-type", "application/json").body(body.to_string().into_bytes()).unwrap()
    };
    let mut body = json!({"email": "reader@example.org", "password": PASSWORD});
    let signed_in = post("/auth/login", &body);
    body["first_name"] = "First".into();
    body["last_name"] = "Last".into();
    assert_eq!(call(&sender, post("/auth/register", &body)).await.status, 201);
    let tokens: Value = serde_json::from_slice(&call(&sender, signed_in).await.body).unwrap();
    let rows = Rows::of_sqlite(&server.folder.path().join("data")).await;
    rows.repeat_event(3_000).await;
    let export = request("GET", "/auth/me/export")
        .header("authorization", format!("Bearer {}", tokens["access_token"].as_str().unwrap()));
    let export: Request<()> = export.body(()).unwrap();
    let (response, _) = sender.clone().ready().await.unwrap().send_request(export, true).unwrap();
    let (head, mut body) = response.await.unwrap().into_parts();
    assert!(head.status == 200 && !head.headers.contains_key("content-length"), "{head:?}");
    // The time for a connection without use is that and five seconds for a head.
    sleep(Duration::from_secs(8)).await;
    let mut octets = Vec::new();
    while let Some(part) = body.data().await {
        let part = part.unwrap();
        body.flow_control().release_capacity(part.len()).unwrap();
        octets.extend_from_slice(&part);
    }
    let export: Value = serde_json::from_slice(&octets).unwrap();
    assert!(export["audit_events"].as_array().unwrap().len() >= 3_000);
}

#[tokio::test]
async fn a_stop_ends_connections_of_http2_that_ask_nothing() {
    let mut server = HttpsServer::with(&[("COUNTERSIGN__SERVER__SHUTDOWN_DELAY", "0s")]);
    let (sender, ended) = connect(&server).await;
    assert_eq!(call(&sender, request("GET", "/health/live").body(vec![]).unwrap()).await.status, 200);
    let stopped = Instant::now();
    server.terminate();
    timeout(Duration::from_secs(5), ended).await.unwrap().unwrap();
    assert!(server.child.wait().unwrap().success() && stopped.elapsed() < Duration::from_secs(5));
}
