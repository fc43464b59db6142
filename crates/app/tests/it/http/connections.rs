//! Clients that take connections and give nothing: how much they can hold, and for how long.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::{Setup, TestServer};

const LIVE: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
const LARGEST: &str = "GET /docs/assets/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n";

/// Connections to a server that all say the same.
struct Crowd(Vec<TcpStream>);

impl Crowd {
    /// So many, or as many as this process may have.
    fn connect(server: &TestServer, count: usize) -> Self {
        let limit = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
        let most = limit.maximum.map_or(count, |files| usize::try_from(files / 2).unwrap());
        Self((0..count.min(most)).map(|_| TcpStream::connect(server.address()).unwrap()).collect())
    }

    fn say(&mut self, octets: &str) {
        for stream in &mut self.0 {
            let _closed_already = stream.write_all(octets.as_bytes());
        }
    }

    /// Reads one answer of each.
    fn hear(&mut self) {
        for stream in &mut self.0 {
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        }
    }
}

/// What the server's process has open.
fn open_files(server: &TestServer) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count()
}

/// Its resident memory, in KiB.
fn resident(server: &TestServer) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Fails unless the server lets go of what the crowd held.
async fn assert_let_go(server: &TestServer, before: usize, patience: Duration) {
    let start = Instant::now();
    while open_files(server) > before + 20 {
        assert!(start.elapsed() < patience, "{} files are open, {before} were", open_files(server));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Fails unless others are served in the meantime.
async fn assert_serves(server: &TestServer) {
    for _ in 0..5 {
        let asked = Instant::now();
        server.get("/health/live").send().await.expect(200);
        assert!(asked.elapsed() < Duration::from_secs(2), "others wait: {:?}", asked.elapsed());
    }
}

#[tokio::test]
async fn clients_that_send_their_heads_by_the_octet_are_given_up_and_do_not_hold_others_off() {
    let server = TestServer::start().await;
    let before = open_files(&server);
    let mut crowd = Crowd::connect(&server, 2_000);
    for octet in ["G", "E", "T"] {
        crowd.say(octet);
        assert_serves(&server).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_let_go(&server, before, Duration::from_secs(8)).await;
    let mut answer = String::new();
    let _reset = crowd.0[0].read_to_string(&mut answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn a_later_head_on_the_same_connection_is_given_up_as_well() {
    let server = Setup::default().set("SERVER__KEEP_ALIVE", "1s").start().await;
    let before = open_files(&server);
    let mut crowd = Crowd::connect(&server, 50);
    crowd.say(LIVE);
    crowd.hear();
    crowd.say("GET /health");
    assert_let_go(&server, before, Duration::from_secs(8)).await;
}

#[tokio::test]
async fn idle_connections_are_closed_after_their_time_and_not_before() {
    let server = Setup::default().set("SERVER__KEEP_ALIVE", "4s").start().await;
    let before = open_files(&server);
    let mut crowd = Crowd::connect(&server, 1_000);
    crowd.say(LIVE);
    crowd.hear();
    assert!(open_files(&server) >= before + crowd.0.len());
    assert_serves(&server).await;
    assert_let_go(&server, before, Duration::from_secs(9)).await;
}

#[tokio::test]
async fn clients_that_read_nothing_hold_little_and_not_for_ever() {
    let server = Setup::default().set("SERVER__ANSWER_TIMEOUT", "3s").set("SERVER__KEEP_ALIVE", "2s").start().await;
    server.get("/docs/assets/swagger-ui-bundle.js").send().await.expect(200);
    let (before, small) = (open_files(&server), resident(&server));
    let mut crowd = Crowd::connect(&server, 1_000);
    crowd.say(&LARGEST.repeat(2));
    assert_serves(&server).await;
    let large = resident(&server);
    assert!(large < small * 3, "{small} KiB became {large} KiB");
    assert!(open_files(&server) >= before + crowd.0.len());
    assert_let_go(&server, before, Duration::from_secs(10)).await;
}

#[tokio::test]
async fn requests_that_are_sent_ahead_wait_outside() {
    let server = Setup::default().set("SERVER__CORS_ORIGINS", "https://app.example").start().await;
    let preflight = "OPTIONS /auth/login HTTP/1.1\r\nHost: x\r\nOrigin: https://app.example\r\n\
         Access-Control-Request-Method: POST\r\n\r\n";
    let unknown = "POST /auth/logout HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 21\r\n\r\n\
         {\"refresh_token\":\"x\"}";
    // Also those whose answers are empty, for which the framework does not wait for room.
    for request in [LIVE, preflight, unknown] {
        let small = resident(&server);
        let mut crowd = Crowd::connect(&server, 20);
        for stream in &crowd.0 {
            stream.set_nonblocking(true).unwrap();
        }
        for _ in 0..10 {
            crowd.say(&request.repeat(1_000));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_serves(&server).await;
        let large = resident(&server);
        assert!(large < small + 20 * 512, "{request:.20}: {small} KiB became {large} KiB");
    }
}

#[tokio::test]
async fn requests_that_are_sent_ahead_are_answered_in_order() {
    let server = TestServer::start().await;
    let missing = "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n";
    let preflight = "OPTIONS /auth/login HTTP/1.1\r\nHost: x\r\n\r\n";
    let head = "HEAD /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
    let last = "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let exchange = server.exchange([LIVE, missing, preflight, head].concat().repeat(50) + last).await;
    let expected: Vec<u16> = [200, 404, 405, 200].repeat(50).into_iter().chain([200]).collect();
    assert_eq!(exchange.statuses(), expected);
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_for_their_turn() {
    let setup = Setup::default().set("SERVER__MAX_CONNECTIONS", "3").set("SERVER__WORKERS", "1");
    let server = setup.set("SERVER__KEEP_ALIVE", "2s").start().await;
    let mut crowd = Crowd::connect(&server, 8);
    crowd.say(LIVE);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let is_answered = |stream: &TcpStream| {
        stream.set_nonblocking(true).unwrap();
        let is_answered = stream.peek(&mut [0]).is_ok();
        stream.set_nonblocking(false).unwrap();
        is_answered
    };
    let at_once = crowd.0.iter().filter(|stream| is_answered(stream)).count();
    assert!((1..=5).contains(&at_once), "{at_once} of 8 are served at once");
    crowd.hear();
}

#[tokio::test]
async fn a_body_that_is_not_read_to_its_end_ends_its_connection() {
    let server = Setup::default().set("SERVER__REQUEST_TIMEOUT", "1s").start().await;
    let json = "Content-Type: application/json\r\n";
    let large = "x".repeat(0x1_1000);
    let cases = [
        ("POST /auth/login", format!("{json}Content-Length: 30\r\n\r\n{{"), 408),
        ("POST /auth/login", format!("{json}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n"), 408),
        ("POST /auth/login", format!("{json}Content-Length: 65537\r\n\r\n{{"), 413),
        ("POST /auth/login", format!("{json}Transfer-Encoding: chunked\r\n\r\n11000\r\n{large}\r\n"), 413),
        ("POST /teams", format!("{json}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n"), 401),
        ("POST /nothing", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n".to_owned(), 404),
        ("GET /health/live", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n".to_owned(), 200),
        ("GET /health/live", "Content-Length: 30\r\n\r\n{".to_owned(), 200),
    ];
    let start = Instant::now();
    let send = |line: &str, framing: &str| server.exchange(format!("{line} HTTP/1.1\r\nHost: x\r\n{framing}"));
    let exchanges: Vec<_> = cases.iter().map(|(line, framing, _)| send(line, framing)).collect();
    for ((line, framing, status), exchange) in cases.iter().zip(exchanges) {
        let exchange = exchange.await;
        assert_eq!(exchange.statuses(), [*status], "{line} {framing:.100}: {exchange:?}");
        assert!(exchange.text.contains("connection: close"), "{line} {framing:.100}: {exchange:?}");
        assert!(exchange.closed && start.elapsed() < Duration::from_secs(6), "{line} {framing:.100}");
    }
}

#[tokio::test]
async fn a_streamed_answer_to_a_body_that_is_not_read_ends_its_connection_as_well() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("reader@example.org").await;
    server.rows().await.repeat_event(3_000).await;
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "GET /auth/me/export HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\r\n",
        tokens.access
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let start = Instant::now();
    let written = std::thread::spawn(move || {
        let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
        let mut written = 0;
        // Until the server takes no more of it.
        while start.elapsed() < Duration::from_secs(10) && writer.write_all(chunk.as_bytes()).is_ok() {
            written += chunk.len();
            std::thread::sleep(Duration::from_millis(2));
        }
        written
    });
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer);
    assert!(answer.starts_with(b"HTTP/1.1 200 OK") && answer.ends_with(b"]}\r\n0\r\n\r\n"));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    drop(stream);
    assert!(written.join().unwrap() < 8 << 20);
}
