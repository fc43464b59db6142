//! Where the metrics are, and where they are not.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use reqwest::Method;

use crate::support::{Setup, TestServer, assert_problem, run};

#[tokio::test]
async fn the_public_listener_has_no_metrics_and_theirs_has_nothing_else() {
    let server = TestServer::start().await;
    assert_problem(&server.get("/metrics").send().await, 404, "not_found");
    // Not by the calls of the service, whose answers are held to its API.
    for path in ["/", "/auth/me", "/health/ready", "/admin/users", "/metrics/"] {
        let answer = reqwest::get(format!("http://{}{path}", server.metrics_address())).await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
    }
    assert_problem(&server.call_metrics(Method::POST, "/metrics").send().await, 405, "method_not_allowed");
    server.call_metrics(Method::GET, "/metrics").send().await.expect(200);
}

#[tokio::test]
async fn a_taken_default_is_warned_of_and_stops_nobody() {
    // Ours, or of whoever has it already.
    let _taken = TcpListener::bind("127.0.0.1:9090");
    let mut server = Setup::bare().set("SERVER__LISTEN", "127.0.0.1:0").start().await;
    server.get("/health/live").send().await.expect(200);
    assert_eq!(server.terminate().await.code(), Some(0));
    let log = server.log();
    let warns = |line: &str| line.contains("\"WARN\"") && line.contains("set server.metrics_listen to another one");
    assert!(log.lines().any(warns) && !log.contains("metrics are served\""), "{log}");
}

#[tokio::test]
async fn a_chosen_address_that_is_taken_stops_the_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let variables =
        [("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:0"), ("COUNTERSIGN__SERVER__METRICS_LISTEN", address.as_str())];
    let output = run(folder.path(), &["serve"], &variables);
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        errors.contains(&format!("cannot listen on {address} for the metrics; set server.metrics_listen")),
        "{errors}"
    );
}

#[tokio::test]
async fn off_is_off() {
    let mut server = Setup::default().set("SERVER__METRICS_LISTEN", "off").start().await;
    server.get("/health/live").send().await.expect(200);
    assert_eq!(server.terminate().await.code(), Some(0));
    assert!(!server.log().contains("metrics are"), "{}", server.log());
}

#[tokio::test]
async fn a_connection_that_waits_for_the_next_scrape_does_not_hold_up_the_end() {
    let mut server = TestServer::start().await;
    let mut connection = TcpStream::connect(server.metrics_address()).unwrap();
    connection.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut start = [0; 12];
    connection.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
    let asked = Instant::now();
    assert_eq!(server.terminate().await.code(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(5), "ended after {:?}", asked.elapsed());
    assert!(TcpStream::connect(server.metrics_address()).is_err());
}
