//! Where a request ends must never be a matter of opinion (RFC 9112, 6.3; ASVS 4.2.1).

use crate::support::{Setup, TestServer};

/// Would be answered too if the server took it for a request of its own.
const SMUGGLED: &str = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";

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
    for chunk in [
        "-2\r\n{}\r\n0\r\n\r\n".to_owned(),
        "0x2\r\n{}\r\n0\r\n\r\n".to_owned(),
        "+2\r\n{}\r\n0\r\n\r\n".to_owned(),
        "FFFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n".to_owned(),
        "2\n{}\n0\n\n".to_owned(),
        "2\r\n{}x\r\n0\r\n\r\n".to_owned(),
        "\r\n{}\r\n0\r\n\r\n".to_owned(),
    ] {
        let exchange = server.exchange(login("Transfer-Encoding: chunked", &format!("{chunk}{SMUGGLED}"))).await;
        let statuses = exchange.statuses();
        assert!(statuses.len() <= 1 && !statuses.contains(&200), "{chunk:?}: {exchange:?}");
        assert!(exchange.closed, "{chunk:?}");
    }
    server.get("/health/live").send().await.expect(200);
}

#[tokio::test]
async fn endless_chunk_extensions_are_not_read_for_ever() {
    let server = Setup::default().set("SERVER__REQUEST_TIMEOUT", "1s").start().await;
    let chunk = format!("2;x={}\r\n{{}}\r\n0\r\n\r\n", "y".repeat(1 << 20));
    let exchange = server.exchange(login("Transfer-Encoding: chunked\r\nConnection: close", &chunk)).await;
    assert!(exchange.statuses().len() <= 1 && exchange.closed, "{exchange:?}");
    server.get("/health/live").send().await.expect(200);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_and_others_are_served_meanwhile() {
    let server = TestServer::start().await;
    let many: String = (0..1_000).fold(String::new(), |head, n| head + &format!("x-{n}: y\r\n"));
    let large = format!("x: {}\r\n", "y".repeat(1 << 20));
    for head in [many, large] {
        let exchange = server.exchange(format!("GET /health/live HTTP/1.1\r\nHost: x\r\n{head}\r\n")).await;
        assert!(matches!(exchange.statuses()[..], [] | [400 | 413 | 431]), "{exchange:?}");
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
