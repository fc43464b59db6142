//! Where a request ends must never be a matter of opinion (RFC 9112, 6.3; ASVS 4.2.1).

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{TestServer, assert_problem};

/// Would be answered too if the server took it for a request of its own.
const SMUGGLED: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";

const LAST: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

fn login(framing: &str, rest: &str) -> String {
    format!("POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{framing}\r\n\r\n{rest}")
}

#[tokio::test]
async fn an_ambiguous_length_is_refused_and_what_follows_is_never_read_as_a_request() {
    let server = TestServer::start().await;
    for framing in [
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 2",
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: 2\r\nContent-Length: 2",
        "Content-Length: 2, 2",
        "Content-Length: +2",
        "Content-Length: -2",
        "Content-Length: 0x2",
        "Content-Length: 2 2",
        "Content-Length: ",
        "Content-Length: 99999999999999999999999",
        "Content-Length : 2",
        " Content-Length: 2",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding:\x0bchunked",
        "X: y\r\n Transfer-Encoding: chunked",
        "Host: y\r\nContent-Length: 2",
    ] {
        let exchange = server.exchange(login(framing, &format!("0\r\n\r\n{SMUGGLED}"))).await;
        assert_eq!(exchange.statuses(), [400], "{framing:?}: {exchange:?}");
        assert!(exchange.closed, "{framing:?}");
    }
    server.get("/health/live").send().await.expect(200);
}

#[tokio::test]
async fn a_malformed_chunk_is_refused_and_what_follows_is_never_read_as_a_request() {
    let server = TestServer::start().await;
    let chunks = [
        "-2\r\n{}\r\n0\r\n\r\n",
        "0x2\r\n{}\r\n0\r\n\r\n",
        "+2\r\n{}\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n",
        "2\n{}\n0\n\n",
        "2\r\n{}x\r\n0\r\n\r\n",
        "\r\n{}\r\n0\r\n\r\n",
    ];
    let send = |chunk| server.exchange(login("Transfer-Encoding: chunked", &format!("{chunk}{SMUGGLED}")));
    let exchanges: Vec<_> = chunks.into_iter().map(send).collect();
    for (chunk, exchange) in chunks.into_iter().zip(exchanges) {
        let exchange = exchange.await;
        assert_eq!(exchange.statuses(), [400], "{chunk:?}: {exchange:?}");
        assert!(exchange.closed, "{chunk:?}");
    }
    server.get("/health/live").send().await.expect(200);
}

#[tokio::test]
async fn a_bare_lf_in_a_head_is_refused_and_hides_no_length() {
    let server = TestServer::start().await;
    let body = "{\"refresh_token\":\"x\"}";
    let logout = "POST /auth/logout HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    for request in [
        "GET /health/live HTTP/1.1\r\nHost: x\n\n".to_owned(),
        "GET /health/live HTTP/1.1\r\nHost: x\r\n\n".to_owned(),
        "GET /health/live HTTP/1.1\r\nHost: x\n\r\n".to_owned(),
        "GET /health/live HTTP/1.1\nHost: x\r\n\r\n".to_owned(),
        "\nGET /health/live HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        format!("{logout}X: a\nContent-Length: 21\r\n\r\n{body}"),
        format!("{logout}X: a\nTransfer-Encoding: chunked\r\n\r\n15\r\n{body}\r\n0\r\n\r\n"),
        format!("{logout}X:\nContent-Length: 21\r\n\r\n{body}"),
        format!("{logout}Content-Length: 21\nX: a\r\n\r\n{body}"),
    ] {
        let exchange = server.exchange(format!("{request}{SMUGGLED}")).await;
        assert_eq!(exchange.statuses(), [400], "{request:?}: {exchange:?}");
        assert!(exchange.closed, "{request:?}");
    }
    server.get("/health/live").send().await.expect(200);
}

#[tokio::test]
async fn a_bare_lf_is_found_in_later_heads_and_may_be_in_bodies() {
    let server = TestServer::start().await;
    let json = "{\n\n\"refresh_token\":\n\"x\"\n}\n\n";
    let head = "POST /auth/logout HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let counted = format!("{head}Content-Length: {}\r\n\r\n{json}", json.len());
    let chunked = format!(
        "{head}Transfer-Encoding: chunked\r\n\r\n3;x\r\n{}\r\n{:x}\r\n{}\r\n0\r\nT: x\r\n\r\n",
        &json[..3],
        json.len() - 3,
        &json[3..]
    );
    let bare = "GET /health/live HTTP/1.1\r\nHost: x\nX: y\r\n\r\n";
    for first in [SMUGGLED, &counted, &chunked] {
        let status = if first == SMUGGLED { 200 } else { 204 };
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut received = [0; 4096];
        for _ in 0..2 {
            // By the octet, so that each comes alone.
            for octet in first.as_bytes() {
                stream.write_all(&[*octet]).unwrap();
            }
            let count = stream.read(&mut received).unwrap();
            let answer = String::from_utf8_lossy(&received[..count]);
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        }
        stream.write_all(bare.as_bytes()).unwrap();
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        assert!(rest.starts_with("HTTP/1.1 400 "), "{rest}");
        let exchange = server.exchange(format!("{first}{first}{bare}{SMUGGLED}")).await;
        assert_eq!(exchange.statuses(), [status, status, 400], "{exchange:?}");
        assert!(exchange.closed);
    }
    let exchange = server.exchange(format!("{counted}{chunked}").repeat(20) + LAST).await;
    assert_eq!(exchange.statuses(), [vec![204; 40], vec![200]].concat(), "{exchange:?}");
}

#[tokio::test]
async fn endless_chunk_extensions_and_trailers_are_refused_at_once() {
    let server = TestServer::start().await;
    let long = "y".repeat(1 << 20);
    let trailers = "T: y\r\n".repeat(10_000);
    let bodies = [
        format!("2;x={}\r\n{{}}\r\n0\r\n\r\n", &long[..2_500]),
        format!("2;x={long}\r\n{{}}\r\n0\r\n\r\n"),
        format!("2\r\n{{}}\r\n0;x={long}\r\n\r\n"),
        format!("2\r\n{{}}\r\n0\r\nT: {long}\r\n\r\n"),
        format!("2\r\n{{}}\r\n0\r\n{trailers}\r\n"),
    ];
    let start = Instant::now();
    let send = |chunks: &String| server.exchange(login("Transfer-Encoding: chunked", chunks));
    let exchanges: Vec<_> = bodies.iter().map(send).collect();
    for (chunks, exchange) in bodies.iter().zip(exchanges) {
        let exchange = exchange.await;
        assert_eq!(exchange.statuses(), [400], "{chunks:.100}: {exchange:?}");
        assert!(exchange.closed && exchange.text.contains("connection: close"), "{exchange:?}");
    }
    // It lingers for two seconds, so that its client gets to read why; a body may take ten to arrive.
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_and_others_are_served_meanwhile() {
    let server = TestServer::start().await;
    let many: String = (0..1_000).fold(String::new(), |head, n| head + &format!("x-{n}: y\r\n"));
    let large = format!("x: {}\r\n", "y".repeat(1 << 20));
    for head in [many, large] {
        let exchange = server.exchange(format!("GET /health/live HTTP/1.1\r\nHost: x\r\n{head}\r\n")).await;
        // What closes on a client that goes on sending may take the answer along.
        assert!(matches!(exchange.statuses()[..], [] | [431]), "{exchange:?}");
        assert!(exchange.closed);
        server.get("/health/live").send().await.expect(200);
    }
}

#[tokio::test]
async fn control_characters_in_a_head_are_refused() {
    let server = TestServer::start().await;
    for line in [
        "GET /health/live HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nHost: x\r\nX\0: a\r\n\r\n",
        "GET /health/\0live HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET  /health/live HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /health/live HTTP/1.1 \r\nHost: x\r\n\r\n",
        "GET /health/live HTTP/3.0\r\nHost: x\r\n\r\n",
        "GET /health/live HTTP/1.1\r\n\r\n",
        "\x16\x03\x01\x02\0\x01\0\x01",
    ] {
        let exchange = server.exchange(line).await;
        assert!(matches!(exchange.statuses()[..], [] | [400]), "{line:?}: {exchange:?}");
        assert!(exchange.closed, "{line:?}");
    }
}

#[tokio::test]
async fn two_users_on_one_connection_never_see_each_other() {
    let server = TestServer::start().await;
    let (one, one_tokens) = server.signed_in("one@example.org").await;
    let (two, two_tokens) = server.signed_in("two@example.org").await;
    let me = |token: &str| {
        format!("GET /auth/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nIf-None-Match: *\r\n\r\n")
    };
    let last = "GET /auth/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let calls = [&one_tokens, &two_tokens, &one_tokens].map(|tokens| me(&tokens.access)).concat() + last;
    let exchange = server.exchange(calls).await;
    assert_eq!(exchange.statuses(), [200, 200, 200, 401], "{exchange:?}");
    let answers: Vec<_> = exchange.text.split("HTTP/1.1 ").skip(1).collect();
    for (answer, (own, other)) in answers.iter().zip([(&one, &two), (&two, &one), (&one, &two)]) {
        assert!(answer.contains(&own.email) && !answer.contains(&other.email), "{answer}");
        let head = answer.to_lowercase();
        assert!(head.contains("cache-control: no-store") && head.contains("vary: "), "{answer}");
        assert!(!head.contains("etag"), "{answer}");
    }
}

#[tokio::test]
async fn what_is_refused_before_any_call_is_documented_at_every_call() {
    let server = TestServer::start().await;
    let many: String = (0..100).fold(String::new(), |head, n| head + &format!("x-{n}: y\r\n"));
    let document = server.get("/openapi.json").send().await.expect(200).json();
    let mut unfinished = tokio::task::JoinSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let line = format!("{} {path} HTTP/1.1\r\nHost: x\r\n", method.to_uppercase());
            for (rest, status, code) in
                [(format!("{many}\r\n"), 431, "head_too_large"), ("Host: y\r\n\r\n".to_owned(), 400, "bad_request")]
            {
                let answer = server.exchange(line.clone() + &rest).await.answer();
                assert_problem(&answer, status, code);
            }
            unfinished.spawn(server.exchange(line));
        }
    }
    for exchange in unfinished.join_all().await {
        assert_problem(&exchange.answer(), 408, "request_timeout");
    }
}

#[tokio::test]
async fn what_is_no_request_is_answered_as_every_request_is() {
    let mut server = TestServer::start().await;
    let mut answered = vec![];
    let ambiguous = "Content-Length: 2\r\nTransfer-Encoding: chunked";
    let many: String = (0..100).fold(String::new(), |head, n| head + &format!("x-{n}: y\r\n"));
    for (octets, status, code) in [
        ("nonsense\r\n\r\n".to_owned(), 400, "bad_request"),
        ("GET /health/live HTTP/1.1\r\nHost: x\nX: y\r\n\r\n".to_owned(), 400, "bad_request"),
        ("GET /health/live HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n".to_owned(), 400, "bad_request"),
        (login(ambiguous, ""), 400, "bad_request"),
        (format!("GET /health/live HTTP/1.1\r\nHost: x\r\n{many}\r\n"), 431, "head_too_large"),
        ("GET /hea".to_owned(), 408, "request_timeout"),
    ] {
        let alone = server.exchange(octets.as_str()).await.answer();
        assert_problem(&alone, status, code);
        assert_eq!(alone.header("connection"), "close", "{alone:?}");
        for header in ["x-frame-options", "content-security-policy", "referrer-policy", "date"] {
            assert!(!alone.header(header).is_empty(), "{header}: {alone:?}");
        }
        answered.push((alone.header("x-request-id").to_owned(), status.to_string()));
        if status != 408 {
            let exchange = server.exchange(format!("{SMUGGLED}{octets}{SMUGGLED}")).await;
            assert_eq!(exchange.statuses(), [200, status], "{octets:?}: {exchange:?}");
            assert!(exchange.closed && exchange.text.contains(code), "{exchange:?}");
        }
    }
    server.terminate().await;
    let log = server.log();
    for (id, status) in &answered {
        assert!(log.lines().any(|line| line.contains(id) && line.contains(status)), "{id} {status}");
    }
}

#[tokio::test]
async fn a_request_that_asks_for_another_protocol_is_answered_in_this_one_and_its_end_is_told() {
    let server = TestServer::start().await;
    let live = |upgrade: &str| format!("GET /health/live HTTP/1.1\r\nHost: x\r\n{upgrade}\r\n\r\n{LAST}");
    let asked = Instant::now();
    let mut exchanges = Vec::new();
    for upgrade in [
        "Connection: Upgrade",
        "Connection: keep-alive, Upgrade\r\nUpgrade: h2c",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
        "Connection: Upgrade\r\nUpgrade: websocket",
        "Upgrade: websocket",
    ] {
        let sized = |length: usize| format!("Content-Length: {length}\r\n{upgrade}");
        for (sent, status) in [
            (login(&sized(2), "{}"), 422),
            (login(&sized(2), &format!("{{}}{LAST}")), 422),
            (login(&sized(0), ""), 400),
            (login(upgrade, ""), 400),
            (live(upgrade), 200),
        ] {
            exchanges.push((server.exchange(sent.clone()), sent, status));
        }
    }
    for (exchange, sent, status) in exchanges {
        let exchange = exchange.await;
        assert_eq!(exchange.statuses(), [status], "{sent:?}: {exchange:?}");
        assert!(exchange.text.contains("connection: close") && exchange.closed, "{sent:?}: {exchange:?}");
    }
    assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
}
