//! Whoever begins a request, is shut out, and then sends its body, has come too late.

mod open;

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::support::{Hand, PASSWORD, TestServer};

/// A request of which the body is on its way.
struct Begun {
    stream: TcpStream,
    rest: String,
}

impl Begun {
    /// Sends head and first octet, and waits until the service waits for more.
    async fn send(server: &TestServer, line: &str, headers: &str, body: &str) -> Self {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let (first, rest) = body.split_at(1);
        let length = body.len();
        let host = server.address();
        let head = format!(
            "{line} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{first}"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        sleep(Duration::from_millis(300)).await;
        Self { stream, rest: rest.to_owned() }
    }

    /// The rest, and what is answered.
    async fn end(mut self) -> String {
        self.stream.write_all(self.rest.as_bytes()).await.unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

fn by_token(token: &str) -> String {
    format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\n")
}

fn by_cookie(server: &TestServer, cookie: &str) -> String {
    let origin = server.url("");
    format!("cookie: {cookie}\r\norigin: {origin}\r\ncontent-type: application/x-www-form-urlencoded\r\n")
}

/// Each of these writes by a token.
async fn writes(server: &TestServer, token: &str, team: &str) -> Vec<Begun> {
    let headers = by_token(token);
    let password = json!({"current_password": PASSWORD, "new_password": "eight green bottles"});
    let mut begun = vec![];
    for (line, body) in [
        ("POST /teams".to_owned(), json!({"name": "Late"})),
        ("PATCH /auth/me".to_owned(), json!({"first_name": "Late"})),
        (format!("PATCH /teams/{team}"), json!({"name": "Late"})),
        (format!("POST /teams/{team}/invite"), json!({"email": "late@example.org", "role": "admin"})),
        ("POST /auth/change-password".to_owned(), password),
    ] {
        begun.push(Begun::send(server, &line, &headers, &body.to_string()).await);
    }
    begun
}

#[tokio::test]
async fn a_session_that_ended_before_the_body_came_writes_nothing() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("owner@example.org").await;
    let team = server.team(&tokens, "Teamname").await;
    let begun = writes(&server, &tokens.access, &team).await;
    server.post("/auth/logout?scope=all").bearer(&tokens.access).send().await.expect(204);
    let before = server.rows().await.dump().await;
    for request in begun {
        let answer = request.end().await;
        assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("invalid_token"), "{answer}");
    }
    assert_eq!(server.rows().await.dump().await, before);
    server.login(&account).await;
}

#[tokio::test]
async fn nor_does_one_of_an_account_that_was_deactivated() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("owner@example.org").await;
    let root = server.register("root@example.org").await;
    let of_root = "UPDATE users SET is_superuser = TRUE, email_verified = TRUE WHERE email = 'root@example.org'";
    server.rows().await.execute(of_root).await;
    let root = server.login(&root).await;
    let team = server.team(&tokens, "Teamname").await;
    let begun = writes(&server, &tokens.access, &team).await;
    let off = json!({"is_active": false});
    server.patch(&format!("/admin/users/{}", account.id)).bearer(&root.access).json(&off).send().await.expect(200);
    for request in begun {
        let answer = request.end().await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    }
}

#[tokio::test]
async fn nor_a_form_of_a_page() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("owner@example.org").await;
    let mut hand = Hand::of(&server, "owner@example.org", PASSWORD).await;
    let token = hand.form_token("/account/teams").await;
    let headers = by_cookie(&server, &hand.cookie);
    let begun =
        Begun::send(&server, "POST /account/teams/new", &headers, &format!("form_token={token}&name=Late")).await;
    server.post("/auth/logout?scope=all").bearer(&tokens.access).send().await.expect(204);
    let answer = begun.end().await;
    assert!(answer.contains("location: ../../sign-in"), "{answer}");
    assert_eq!(server.rows().await.count("teams").await, 0);
}

#[tokio::test]
async fn a_body_that_only_took_its_time_is_taken() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("owner@example.org").await;
    let team = server.team(&tokens, "Teamname").await;
    let statuses = ["201", "200", "200", "200", "200"];
    for (request, status) in writes(&server, &tokens.access, &team).await.into_iter().zip(statuses) {
        let answer = request.end().await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{status}: {answer}");
    }
}
