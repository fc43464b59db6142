use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::error::Fault;
use countersign_application::ports::session_repository::MockSessionRepository;
use countersign_application::testing::{Mocks, user};
use tokio::sync::watch;

use crate::routes::{Endpoint, table};
use crate::server::{BoundServer, bind};
use crate::settings::WebSettings;
use crate::testing::{Answer, RecordedLog, call, call_with, serve, settings, sign_in, signed_in};

async fn panics() -> &'static str {
    panic!("on purpose")
}

async fn with_panic(request: TestRequest) -> Answer {
    let mut table = table();
    table.push(Endpoint::file("panic", "/panic", || web::to(panics)));
    serve(Mocks::default(), settings(), &table, vec![request]).await.remove(0)
}

fn assert_guarded(answer: &Answer) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("strict-transport-security", "max-age=63072000"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{answer:?}");
    }
    assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert!(answer.header("x-request-id").is_some());
    assert!(answer.header("server").is_none());
}

fn login(body: &'static str) -> TestRequest {
    TestRequest::post().uri("/auth/login").insert_header(("content-type", "application/json")).set_payload(body)
}

#[actix_web::test]
async fn a_panic_is_a_500_that_tells_nothing() {
    let answer = with_panic(TestRequest::get().uri("/panic")).await;
    assert_eq!(answer.problem(), (500, "internal_error".to_owned()));
    assert!(!answer.text.contains("purpose"));
    assert_guarded(&answer);
}

#[actix_web::test]
async fn every_problem_has_the_one_body_and_every_answer_the_headers() {
    let typed = |kind: &'static str| TestRequest::post().uri("/auth/login").insert_header(("content-type", kind));
    for (request, status, code) in [
        (TestRequest::get().uri("/nothing?secret=x"), 404, "not_found"),
        (TestRequest::get().uri("/auth/login"), 405, "method_not_allowed"),
        (TestRequest::get().uri("/auth/me"), 401, "authentication_required"),
        (typed("text/plain").set_payload("{}"), 415, "unsupported_media_type"),
        (login("{"), 400, "malformed_body"),
        (login("[]"), 400, "malformed_body"),
        (login(r#"{"email":"a@example.com","email":"b@example.com"}"#), 400, "malformed_body"),
        (login("{}"), 422, "validation_failed"),
    ] {
        let answer = call(Mocks::default(), request).await;
        assert_eq!(answer.problem(), (status, code.to_owned()));
        assert_guarded(&answer);
        let body = answer.json();
        assert_eq!(body["type"], format!("https://id.example/docs/errors#{code}"));
        assert_eq!(body["status"], status);
        assert_eq!(body["request_id"], answer.header("x-request-id").unwrap());
        assert_eq!(body.get("errors").is_some(), status == 422);
        assert!(!answer.text.contains("secret"));
    }
}

#[actix_web::test]
async fn a_body_over_the_limit_is_refused_also_when_its_length_is_not_told() {
    let body = format!("{{\"email\":\"{}\"}}", "a".repeat(64 * 1024));
    let request = TestRequest::post().uri("/auth/login").insert_header(("content-type", "application/json"));
    let answer = call(Mocks::default(), request.set_payload(body)).await;
    assert_eq!(answer.problem(), (413, "payload_too_large".to_owned()));
    let announced = TestRequest::post()
        .uri("/auth/login")
        .insert_header(("content-type", "application/json"))
        .insert_header(("content-length", "65537"));
    assert_eq!(call(Mocks::default(), announced).await.problem(), (413, "payload_too_large".to_owned()));
}

#[actix_web::test]
async fn a_path_longer_than_any_of_a_route_is_not_matched_at_all() {
    let table = [Endpoint::file("found", "/found/{name}", || web::to(HttpResponse::NoContent))];
    for (octets, expected, route) in [(512, 204, " route=\"/found/{name}\" "), (513, 404, " route=\"-\" ")] {
        let path = format!("/found/{}", "a".repeat(octets - "/found/".len()));
        let request = TestRequest::get().uri(&format!("{path}?q={path}"));
        let log = RecordedLog::start();
        let answer = serve(Mocks::default(), settings(), &table, vec![request]).await.remove(0);
        assert_eq!(answer.status, expected, "{octets}");
        assert_guarded(&answer);
        // Nor is the route asked for that the log, the figures and the trace name.
        assert!(log.lines().iter().any(|line| line.contains(route)), "{octets}: {:?}", log.lines());
    }
}

#[actix_web::test]
async fn a_sane_request_id_is_echoed_and_any_other_replaced() {
    let with = |id: &'static str| TestRequest::get().uri("/health/live").insert_header(("x-request-id", id));
    let answer = call(Mocks::default(), with("Trace-1.a_b")).await;
    assert_eq!(answer.header("x-request-id"), Some("Trace-1.a_b"));
    for bad in ["a b", "a\"b", "<script>", "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        let answer = call(Mocks::default(), with(bad)).await;
        assert_eq!(answer.header("x-request-id"), Some("01900000-0000-7000-8000-000000000001"), "{bad}");
    }
}

#[actix_web::test]
async fn browsers_may_call_from_the_listed_origins_only() {
    let settings = || WebSettings { cors_origins: vec!["https://app.example".to_owned()], ..settings() };
    let from = |origin: &'static str| TestRequest::get().uri("/health/live").insert_header(("origin", origin));
    let answer = call_with(Mocks::default(), settings(), from("https://app.example")).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    for other in ["https://evil.example", "https://app.example.evil.example", "null", "http://app.example"] {
        let answer = call_with(Mocks::default(), settings(), from(other)).await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{other}");
    }
    let preflight = from("https://app.example")
        .method(Method::OPTIONS)
        .insert_header(("access-control-request-method", "POST"))
        .insert_header(("access-control-request-headers", "content-type,authorization"));
    let answer = call_with(Mocks::default(), settings(), preflight).await;
    assert!(answer.status.is_success(), "{answer:?}");
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
}

#[actix_web::test]
async fn without_https_there_is_no_strict_transport_security() {
    let settings = WebSettings { public_url: "http://localhost".to_owned(), ..settings() };
    let answer = call_with(Mocks::default(), settings, TestRequest::get().uri("/health/live")).await;
    assert_eq!(answer.header("strict-transport-security"), None);
}

#[cfg(feature = "edge-limits")]
#[actix_web::test]
async fn a_flood_from_one_network_is_held_off_the_open_routes() {
    let settings = WebSettings { flood_per_second_per_ip: 3, ..settings() };
    let from = |request: TestRequest, ip: &str| request.peer_addr(format!("{ip}:4711").parse().unwrap());
    let requests = vec![
        from(login("{}"), "192.0.2.1"),
        from(login("{}"), "192.0.2.1"),
        from(login("{}"), "[::ffff:192.0.2.1]"),
        from(login("{}"), "192.0.2.1"),
        from(login("{}"), "192.0.2.2"),
        from(TestRequest::get().uri("/health/live"), "192.0.2.1"),
    ];
    let answers = serve(Mocks::default(), settings, &table(), requests).await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses, [422, 422, 422, 429, 422, 200]);
    assert_eq!(answers[3].problem(), (429, "rate_limited".to_owned()));
    assert_eq!(answers[3].header("retry-after"), Some("1"));
    assert_guarded(&answers[3]);
}

#[cfg(feature = "edge-limits")]
#[actix_web::test]
async fn writes_behind_an_access_token_are_guarded_at_four_times_the_figure_and_reads_are_not() {
    let settings = || WebSettings { flood_per_second_per_ip: 1, ..settings() };
    let many = |request: fn() -> TestRequest| -> Vec<_> {
        (0..12).map(|_| request().uri("/auth/me").peer_addr("192.0.2.1:4711".parse().unwrap())).collect()
    };
    let writes = serve(Mocks::default(), settings(), &table(), many(TestRequest::patch)).await;
    assert!(writes[..4].iter().all(|answer| answer.status == 401));
    assert!(writes[4..].iter().any(|answer| answer.status == 429));
    let reads = serve(Mocks::default(), settings(), &table(), many(TestRequest::get)).await;
    assert!(reads.iter().all(|answer| answer.status == 401));
}

#[actix_web::test]
async fn a_fault_is_logged_once_with_its_causes_and_answered_without() {
    let log = RecordedLog::start();
    let mut mocks = Mocks::default();
    sign_in(&mut mocks, &user(1));
    mocks.sessions = MockSessionRepository::new();
    mocks.sessions.expect_find_by_id().returning(|_| Err(Fault::unavailable("database", "the disk is full")));
    let answer = call(mocks, signed_in(TestRequest::get().uri("/auth/me"))).await;
    assert_eq!(answer.problem(), (503, "service_unavailable".to_owned()));
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert!(!answer.text.contains("disk") && !answer.text.contains("database"), "{}", answer.text);
    let lines = log.lines();
    let told: Vec<_> = lines.iter().filter(|line| line.contains("the disk is full")).collect();
    assert_eq!(told.len(), 1, "{lines:?}");
    assert!(told[0].contains(answer.header("x-request-id").unwrap()));
}

#[actix_web::test]
async fn the_log_names_the_route_and_the_network_and_nothing_more() {
    let log = RecordedLog::start();
    let team = "0190a5d0-7c1e-7e7a-9a53-1f2e3d4c5b6a";
    let request = TestRequest::get()
        .uri(&format!("/teams/{team}/members?q=firstname@example.com"))
        .peer_addr("192.0.2.77:4711".parse().unwrap())
        .insert_header(("authorization", "Bearer forged-token"))
        .insert_header(("x-request-id", "trace-1"));
    let mut mocks = Mocks::default();
    sign_in(&mut mocks, &user(1));
    assert_eq!(call(mocks, request).await.status, 401);
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    for told in ["/teams/{team_id}/members", "192.0.2.0/24", "trace-1", "status=401", "method=GET"] {
        assert!(lines[0].contains(told), "{told}: {lines:?}");
    }
    for hidden in [team, "firstname", "forged", "192.0.2.77"] {
        assert!(!lines[0].contains(hidden), "{hidden}: {lines:?}");
    }
}

static REACHED: tokio::sync::Notify = tokio::sync::Notify::const_new();

async fn never_answers() -> &'static str {
    REACHED.notify_one();
    std::future::pending().await
}

#[actix_web::test]
async fn a_request_whose_client_left_has_its_line_and_no_status() {
    let log = RecordedLog::start();
    let mut table = table();
    table.push(Endpoint::file("never", "/never", || web::to(never_answers)));
    let request = TestRequest::get().uri("/never").insert_header(("x-request-id", "trace-2"));
    tokio::select! {
        answers = serve(Mocks::default(), settings(), &table, vec![request]) => panic!("{answers:?}"),
        () = REACHED.notified() => {}
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    for told in ["client left", "/never", "trace-2", "method=GET"] {
        assert!(lines[0].contains(told), "{told}: {lines:?}");
    }
    assert!(!lines[0].contains("status="), "{lines:?}");
}

fn serve_one_worker(settings: WebSettings) -> (BoundServer, std::net::SocketAddr) {
    let application = Application::new(&Mocks::default().into_dependencies());
    let bound = bind(&application, &WebSettings { workers: Some(1), ..settings }).unwrap();
    let address = bound.address;
    (bound, address)
}

/// Sends these octets and reads until the server closes.
async fn exchange(address: std::net::SocketAddr, sent: String) -> String {
    let exchange = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(sent.as_bytes()).unwrap();
        let mut received = String::new();
        let _ = stream.read_to_string(&mut received);
        received
    };
    actix_web::rt::task::spawn_blocking(exchange).await.unwrap()
}

#[actix_web::test]
async fn whoever_comes_before_the_service_is_ready_is_answered_once_it_is() {
    let application = Application::new(&Mocks::default().into_dependencies());
    let settings = WebSettings { workers: Some(1), ..settings() };
    let (ready, until_ready) = watch::channel(false);
    let listener = TcpListener::bind(settings.listen).unwrap();
    let bound = crate::server::serve(listener, &application, &settings, until_ready).unwrap();
    let handle = bound.server.handle();
    let mut early = TcpStream::connect(bound.address).unwrap();
    let serving = std::thread::spawn(move || actix_web::rt::System::new().block_on(bound.server));
    early.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    early.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(early.read(&mut [0]).is_err(), "answered too early");
    ready.send_replace(true);
    early.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut answer = String::new();
    early.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    handle.stop(true).await;
    serving.join().unwrap().unwrap();
}

#[actix_web::test]
async fn a_body_in_chunks_is_counted() {
    let (bound, address) = serve_one_worker(settings());
    let handle = bound.server.handle();
    let serving = actix_web::rt::spawn(bound.server);
    let head =
        "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    let received = exchange(address, format!("{head}{}0\r\n\r\n", chunk.repeat(5))).await;
    assert!(received.starts_with("HTTP/1.1 413") && received.contains("\"payload_too_large\""), "{received}");
    let close = head.replace("Host: x", "Host: x\r\nConnection: close");
    let received = exchange(address, format!("{close}{}0\r\n\r\n", chunk.repeat(3))).await;
    assert!(received.starts_with("HTTP/1.1 400"), "{received}");
    handle.stop(true).await;
    serving.await.unwrap().unwrap();
}

#[actix_web::test]
async fn a_request_that_never_ends_is_given_up() {
    let (bound, address) = serve_one_worker(WebSettings {
        // actix reads the time from a cache that is half a second old at worst.
        head_timeout: Duration::from_secs(1),
        body_timeout: Duration::from_millis(200),
        ..settings()
    });
    let handle = bound.server.handle();
    let serving = actix_web::rt::spawn(bound.server);
    let head = exchange(address, "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-".to_owned()).await;
    assert!(head.starts_with("HTTP/1.1 408") && head.contains("\"request_timeout\""), "{head}");
    let body =
        "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{\"a";
    let body = exchange(address, body.to_owned()).await;
    assert!(body.starts_with("HTTP/1.1 408") && body.contains("\"request_timeout\""), "{body}");
    handle.stop(true).await;
    serving.await.unwrap().unwrap();
}

#[actix_web::test]
async fn head_answers_as_get_does_without_the_body() {
    let (bound, address) = serve_one_worker(settings());
    let handle = bound.server.handle();
    let serving = actix_web::rt::spawn(bound.server);
    let head = exchange(address, "HEAD /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned()).await;
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    handle.stop(true).await;
    serving.await.unwrap().unwrap();
}

#[actix_web::test]
async fn the_listener_of_the_metrics_has_the_one_page() {
    let page = Arc::new(|| "countersign_up 1\n".to_owned());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let bound = crate::metrics_page::serve(listener, &settings(), page).unwrap();
    let address = bound.address;
    let handle = bound.server.handle();
    let serving = actix_web::rt::spawn(bound.server);
    let ask = |line: &str| exchange(address, format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    let answer = ask("GET /metrics").await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\ncountersign_up 1\n"), "{answer}");
    assert!(answer.contains("content-type: text/plain; version=0.0.4"), "{answer}");
    for (line, status, code) in [("GET /auth/me", 404, "not_found"), ("POST /metrics", 405, "method_not_allowed")] {
        let answer = ask(line).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(answer.contains("application/problem+json") && answer.contains(&format!("\"code\":\"{code}\"")));
        assert!(answer.contains("x-request-id: "), "{answer}");
    }
    handle.stop(true).await;
    serving.await.unwrap().unwrap();
}
