//! What a client of HTTP/2 may hold, and for how long.

use std::time::{Duration, Instant};

use http::Request;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::support::PASSWORD;
use crate::tls::HttpsServer;
use crate::tls::http2::frames::{Frame, Frames, REFUSED_STREAM};
use crate::tls::http2::{call, connect, request};

const LARGE: &str = "/openapi.json";

#[tokio::test]
async fn requests_beyond_the_bound_of_a_connection_are_refused_and_few_are_worked_on_at_once() {
    let server = HttpsServer::with(&[]).await;
    let mut client = Frames::connect(&server, 0).await;
    for _ in 0..250 {
        client.get(LARGE).await;
    }
    let (mut begun, mut refused, mut announced) = (0, 0, vec![]);
    // Those that wait for room make nobody's answer wait: this is when there is nothing more to come.
    while let Ok(frame) = timeout(Duration::from_secs(2), client.next()).await {
        match frame {
            Some(Frame::Settings(settings)) => announced = settings,
            Some(Frame::Headers) => begun += 1,
            Some(Frame::Reset(REFUSED_STREAM)) => refused += 1,
            Some(Frame::Other) => {}
            other => panic!("{begun} begun, {refused} refused, then {other:?}"),
        }
    }
    assert_eq!((begun, refused), (8, 150));
    assert!(announced.contains(&(3, 100)) && announced.contains(&(4, 2 * 1024)), "{announced:?}");
    let (client, _ended) = connect(&server).await;
    assert_eq!(call(&client, request("GET", "/health/live").body(vec![]).unwrap()).await.status, 200);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_over_http2_and_told_why_up_to_twice_its_bound() {
    let server = HttpsServer::with(&[]).await;
    let (client, _ended) = connect(&server).await;
    for (length, status, is_told) in [(16, 200, false), (31, 200, false), (33, 431, true), (66, 431, false)] {
        let live = request("GET", "/health/live").header("x-long", "x".repeat(length * 1024));
        let answer = call(&client, live.body(vec![]).unwrap()).await;
        assert_eq!(answer.status, status, "{length}");
        if is_told {
            let problem: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(problem["code"], "head_too_large");
            assert_eq!(problem["request_id"], answer.headers["x-request-id"].to_str().unwrap());
        }
        assert_eq!(answer.headers.contains_key("x-content-type-options"), status == 200 || is_told, "{length}");
    }
}

#[tokio::test]
async fn an_answer_that_is_given_no_room_is_ended_though_its_client_is_there() {
    let server = HttpsServer::with(&[("COUNTERSIGN__SERVER__ANSWER_TIMEOUT", "2s")]).await;
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
    let server = HttpsServer::with(&[("COUNTERSIGN__SERVER__KEEP_ALIVE", "1s")]).await;
    let (client, _ended) = connect(&server).await;
    let post = |path: &str, body: &Value| {
        request("POST", path).header("content-type", "application/json").body(body.to_string().into_bytes()).unwrap()
    };
    let mut body = json!({"email": "reader@example.org", "password": PASSWORD});
    let signed_in = post("/auth/login", &body);
    body["first_name"] = "Firstname".into();
    body["last_name"] = "Lastname".into();
    assert_eq!(call(&client, post("/auth/register", &body)).await.status, 201);
    let tokens: Value = serde_json::from_slice(&call(&client, signed_in).await.body).unwrap();
    server.rows().await.repeat_event(3_000).await;
    let export = request("GET", "/auth/me/export")
        .header("authorization", format!("Bearer {}", tokens["access_token"].as_str().unwrap()));
    let export: Request<()> = export.body(()).unwrap();
    let (response, _) = client.sender.clone().ready().await.unwrap().send_request(export, true).unwrap();
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
    server.confidences.note_answer(&String::from_utf8_lossy(&octets));
    let export: Value = serde_json::from_slice(&octets).unwrap();
    assert!(export["audit_events"].as_array().unwrap().len() >= 3_000);
}

#[tokio::test]
async fn a_stop_ends_connections_of_http2_that_ask_nothing() {
    let mut server = HttpsServer::with(&[("COUNTERSIGN__SERVER__SHUTDOWN_DELAY", "0s")]).await;
    let (client, ended) = connect(&server).await;
    assert_eq!(call(&client, request("GET", "/health/live").body(vec![]).unwrap()).await.status, 200);
    let stopped = Instant::now();
    server.terminate();
    timeout(Duration::from_secs(5), ended).await.unwrap().unwrap();
    assert!(server.child.wait().unwrap().success() && stopped.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_stop_does_not_wait_for_clients_that_say_nothing() {
    let mut server = HttpsServer::with(&[("COUNTERSIGN__SERVER__SHUTDOWN_DELAY", "0s")]).await;
    let mut silent = Frames::connect(&server, 1 << 20).await;
    silent.get("/health/live").await;
    while !matches!(silent.next().await, Some(Frame::Headers)) {}
    let shaking_hands = TcpStream::connect(&server.address).await.unwrap();
    sleep(Duration::from_millis(200)).await;
    let stopped = Instant::now();
    server.terminate();
    assert!(server.child.wait().unwrap().success());
    assert!(stopped.elapsed() < Duration::from_secs(4), "{:?}", stopped.elapsed());
    drop((silent, shaking_hands));
}

#[tokio::test]
async fn an_answer_that_is_under_way_at_a_stop_is_taken_to_its_end() {
    let server = HttpsServer::with(&[("COUNTERSIGN__SERVER__SHUTDOWN_DELAY", "0s")]).await;
    let (client, _ended) = connect(&server).await;
    let large: Request<()> = request("GET", LARGE).body(()).unwrap();
    let (response, _) = client.sender.clone().ready().await.unwrap().send_request(large, true).unwrap();
    let (head, mut body) = response.await.unwrap().into_parts();
    server.terminate();
    sleep(Duration::from_secs(3)).await;
    let mut length = 0;
    while let Some(part) = body.data().await {
        let part = part.unwrap();
        body.flow_control().release_capacity(part.len()).unwrap();
        length += part.len();
    }
    assert_eq!(head.headers["content-length"], length.to_string().as_str());
}
