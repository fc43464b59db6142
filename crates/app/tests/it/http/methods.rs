//! Methods that a path does not have.

use reqwest::Method;

use crate::support::{TestServer, assert_problem};

#[tokio::test]
async fn every_path_tells_which_methods_it_has() {
    let server = TestServer::start().await;
    let document = server.get("/openapi.json").send().await.expect(200).json();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let mut expected: Vec<String> = operations.as_object().unwrap().keys().map(|key| key.to_uppercase()).collect();
        if expected.contains(&"GET".to_owned()) {
            expected.push("HEAD".to_owned());
        }
        expected.sort();
        let id = "01900000-0000-7000-8000-000000000001";
        let path = path.replace("{team_id}", id).replace("{user_id}", id).replace("{id}", id);
        for method in [Method::PUT, Method::TRACE, Method::from_bytes(b"BREW").unwrap()] {
            let answer = server.call(method.clone(), &path).send().await;
            assert_problem(&answer, 405, "method_not_allowed");
            let mut allowed: Vec<_> = answer.header("allow").split(", ").map(str::to_owned).collect();
            allowed.sort();
            assert_eq!(allowed, expected, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_trace_gives_nothing_back_of_what_was_sent() {
    let server = TestServer::start().await;
    for path in ["/auth/me", "/", "/health/live"] {
        let call = server.call(Method::TRACE, path).bearer("secret-token").header("cookie", "secret-cookie");
        let answer = call.send().await;
        assert!(matches!(answer.status, 404 | 405), "{answer:?}");
        assert!(!answer.text.contains("secret"), "{}", answer.text);
    }
    let exchange = server.exchange("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n").await;
    assert!(exchange.statuses().iter().all(|status| status / 100 == 4), "{exchange:?}");
}

#[tokio::test]
async fn head_answers_as_get_does_and_without_a_body() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("reader@example.org").await;
    for path in ["/auth/me", "/health/live", "/health/ready", "/openapi.json", "/docs", "/", "/reset-password"] {
        let get = server.get(path).bearer(&tokens.access).send().await.expect(200);
        let head = server.call(Method::HEAD, path).bearer(&tokens.access).send().await.expect(200);
        assert!(head.text.is_empty() && !get.text.is_empty(), "{path}");
        for name in ["content-type", "cache-control", "content-security-policy", "vary"] {
            assert_eq!(head.header(name), get.header(name), "{name} of {path}");
        }
    }
    let refused = server.call(Method::HEAD, "/auth/me").send().await.expect(401);
    assert!(refused.text.is_empty() && refused.header("www-authenticate").starts_with("Bearer"), "{refused:?}");
    let exchange = server.exchange("HEAD /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(exchange.text.ends_with("\r\n\r\n"), "{exchange:?}");
}

#[tokio::test]
async fn a_header_cannot_change_the_method() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("owner@example.org").await;
    let team = server.team(&tokens, "Teamname").await;
    let path = format!("/teams/{team}");
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        server.get(&path).bearer(&tokens.access).header(name, "DELETE").send().await.expect(200);
    }
    let answer = server.post(&format!("{path}?_method=DELETE")).bearer(&tokens.access).send().await;
    assert_problem(&answer, 405, "method_not_allowed");
    server.get(&path).bearer(&tokens.access).send().await.expect(200);
}

#[tokio::test]
async fn what_was_sent_ahead_of_its_answer_is_answered_by_its_own_method() {
    let server = TestServer::start().await;
    let request = |method: &str, path: &str, last: &str| format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{last}\r\n");
    let (live, ready, close) = ("/health/live", "/health/ready", "Connection: close\r\n");
    for calls in [
        vec![("HEAD", ready), ("GET", live)],
        vec![("GET", ready), ("HEAD", live)],
        vec![("HEAD", live), ("HEAD", "/nothing"), ("GET", ready), ("HEAD", ready), ("GET", "/nothing"), ("GET", live)],
    ] {
        let all = calls.iter().map(|(method, path)| request(method, path, "")).collect::<String>();
        let exchange = server.exchange(all + &request("GET", live, close)).await;
        let mut rest = exchange.text.as_str();
        for (method, path) in calls.iter().chain(&[("GET", live)]) {
            let (head, after) = rest.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 "), "{calls:?}: {exchange:?}");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            let length: usize = length.parse().unwrap();
            assert!(length > 0, "{method} {path}: {head}");
            rest = if *method == "HEAD" { after } else { &after[length..] };
        }
        assert_eq!(rest, "", "{calls:?}: {exchange:?}");
    }
}
