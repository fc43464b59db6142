//! Traces: what is sent to a collector, what never is, and what becomes of requests when it is away.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::json;

use crate::support::{Collector, MailServer, Mood, PASSWORD, Setup, TestServer, text_of};

/// Every attribute that a span may have.
const ATTRIBUTES: [&str; 9] = [
    "db.collection.name",
    "db.operation.name",
    "db.system.name",
    "error.type",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "messaging.system",
    "request_id",
];

fn setup(collector: &Collector) -> Setup {
    Setup::default().set("TELEMETRY__OTLP_ENDPOINT", &collector.url())
}

/// Signs in, as the request of this id.
async fn sign_in_as(server: &TestServer, id: &str, password: &str, status: u16) {
    server.sign_in("traced@example.org", password).header("x-request-id", id).send().await.expect(status);
}

/// Names of the spans below this one, at any depth.
fn below(span: &Span, all: &[Span]) -> Vec<String> {
    let children = all.iter().filter(|child| child.parent_span_id == span.span_id);
    children.flat_map(|child| [vec![child.name.clone()], below(child, all)].concat()).collect()
}

/// Whatever OpenTelemetry's own variables say, `telemetry.*` counts.
fn contradicted(setup: Setup) -> Setup {
    [
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_SERVICE_NAME", "of-the-environment"),
        ("OTEL_RESOURCE_ATTRIBUTES", "of=the-environment"),
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "0"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "1"),
        ("OTEL_BSP_SCHEDULE_DELAY", "3600000"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-of=the-environment"),
        ("HTTP_PROXY", "http://127.0.0.1:1"),
    ]
    .into_iter()
    .fold(setup, |setup, (name, value)| setup.variable(name, value))
}

#[tokio::test]
async fn a_request_is_a_trace_with_its_route_its_status_and_its_steps() {
    let collector = Collector::start();
    // A mail that is sent is a trace of its own.
    let setup = contradicted(setup(&collector)).set("TELEMETRY__SERVICE_NAME", "accounts").with_local_mailbox();
    let mut server = setup.start().await;
    let tokens = server.login(&server.register("traced@example.org").await).await;
    sign_in_as(&server, "signs-in", PASSWORD, 200).await;
    sign_in_as(&server, "guesses", "a wrong guess", 401).await;
    server.get("/auth/me").bearer(&tokens.access).header("x-request-id", "looks").send().await.expect(200);
    let has_redis = server.get("/health/ready").send().await.expect(200).text.contains(r#""name":"redis""#);
    server.get("/no/such/place").header("x-request-id", "nowhere").send().await.expect(404);
    // While it runs, and not only at its end.
    collector.of_request("nowhere").await;
    assert!(server.terminate().await.success());

    let spans = collector.spans();
    let signed_in = collector.of_request("signs-in").await;
    assert_eq!((signed_in.name.as_str(), signed_in.kind()), ("POST /auth/login", SpanKind::Server));
    let told = |key| text_of(&signed_in.attributes, key);
    assert_eq!(
        [told("http.request.method"), told("http.route"), told("http.response.status_code")],
        ["POST", "/auth/login", "200"]
    );
    assert!(signed_in.parent_span_id.is_empty());
    let steps = below(&signed_in, &spans);
    for step in ["login", "hash password", "BEGIN", "COMMIT", "INSERT sessions"] {
        assert!(steps.iter().any(|name| name == step), "{step}: {steps:?}");
    }
    let lasts = signed_in.start_time_unix_nano..=signed_in.end_time_unix_nano;
    let of_it = || spans.iter().filter(|span| span.trace_id == signed_in.trace_id);
    assert!(of_it().all(|span| lasts.contains(&span.start_time_unix_nano)));
    assert_eq!(of_it().count(), steps.len() + 1, "one tree");

    // Where the profile has it, Redis is asked for what was copied.
    let looked = collector.of_request("looks").await;
    let below = spans.iter().filter(|span| span.trace_id == looked.trace_id);
    let asked: Vec<&Span> = below.filter(|span| text_of(&span.attributes, "db.system.name") == "redis").collect();
    assert_eq!(!asked.is_empty(), has_redis, "{asked:?}");
    for span in asked {
        assert_eq!(span.kind(), SpanKind::Client, "{span:?}");
        assert_eq!(text_of(&span.attributes, "db.operation.name"), span.name);
        assert_eq!(span.name, "EVALSHA");
    }

    let guessed = collector.of_request("guesses").await;
    assert_eq!(text_of(&guessed.attributes, "http.response.status_code"), "401");
    assert_ne!(guessed.trace_id, signed_in.trace_id);
    assert_eq!(guessed.status.unwrap_or_default().code, 0, "an error of the client is none of the server");
    let nowhere = collector.of_request("nowhere").await;
    assert_eq!((nowhere.name.as_str(), text_of(&nowhere.attributes, "http.route").as_str()), ("GET", ""));
    let begun = spans.iter().filter(|span| span.parent_span_id.is_empty());
    assert!(begun.clone().all(|span| span.kind() == SpanKind::Server), "what workers do is no trace: {begun:?}");

    let service = collector.resource();
    assert_eq!(text_of(&service, "service.name"), "accounts");
    assert_eq!(text_of(&service, "service.version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(service.len(), 3, "{service:?}");
    for batch in collector.batches() {
        assert!(batch.head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{}", batch.head);
        assert!(!batch.head.contains("x-of") && !batch.head.contains("authorization"), "{}", batch.head);
    }
    // At its most talkative, and still without the spans that are for traces.
    let log = server.log();
    assert!(!log.contains("countersign_trace") && !log.contains("hash password"), "{log}");
}

#[tokio::test]
async fn nothing_that_is_about_people_is_in_a_trace() {
    let collector = Collector::start();
    let mut server = setup(&collector).start().await;
    let (account, tokens) = server.signed_in("marked@example.org").await;
    let (stranger, others) = server.signed_in("stranger@example.org").await;
    let team = server.team(&tokens, "Markedteam").await;
    let invite = json!({"email": stranger.email, "role": "member"});
    server.post(&format!("/teams/{team}/invite")).bearer(&tokens.access).json(&invite).send().await.expect(200);
    server
        .get(&format!("/teams/{team}?marked=query"))
        .bearer(&others.access)
        .header("user-agent", "marked-agent")
        .header("x-forwarded-for", "203.0.113.77")
        .send()
        .await
        .expect(200);
    server.sign_in(&account.email, "marked wrong guess").send().await.expect(401);
    server.get("/marked/path").send().await.expect(404);
    let reset = json!({"email": account.email});
    server.post("/auth/password-reset-request").json(&reset).send().await.expect(202);
    let token = server.mailbox().about(&account.email, "set a new password").await.token();
    server.get(&format!("/reset-password?token={token}")).send().await.expect(200);
    let reset = json!({"token": token, "new_password": "marked new password"});
    server.post("/auth/password-reset").json(&reset).send().await.expect(200);
    server.get("/auth/me").bearer(&format!("{}x", tokens.access)).send().await.expect(401);
    assert!(server.terminate().await.success());

    let spans = collector.spans();
    assert!(spans.iter().any(|span| span.name == "GET /teams/{team_id}"));
    let sent: String =
        collector.batches().iter().map(|batch| String::from_utf8_lossy(&batch.body).into_owned()).collect();
    server.confidences().assert_untold(&sent);
    for marker in ["marked", "Marked", "203.0.113", "127.0.0.1", "example.org", &account.id, &stranger.id, &team] {
        assert!(!sent.contains(marker), "{marker} is in a trace");
    }
    let names = spans.iter().flat_map(|span| &span.attributes).map(|attribute| attribute.key.as_str());
    let unknown: BTreeSet<&str> = names.filter(|name| !ATTRIBUTES.contains(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(spans.iter().all(|span| span.events.is_empty() && span.links.is_empty()), "lines of the log are none");
}

#[tokio::test]
async fn a_trace_of_a_trusted_proxy_is_gone_on_with_and_that_of_anybody_else_is_not() {
    let parent = |sampled| format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{sampled}");
    let theirs = "0af7651916cd43dd8448eb211c80319c";
    for (trusted, follows) in [("127.0.0.1/32", true), ("10.0.0.0/8", false)] {
        let collector = Collector::start();
        let mut server = setup(&collector).set("SERVER__TRUSTED_PROXIES", trusted).start().await;
        let call = |id, traceparent: &str| {
            server.get("/health/live").header("x-request-id", id).header("traceparent", traceparent).send()
        };
        call("sampled", &parent("01")).await.expect(200);
        call("left-out", &parent("00")).await.expect(200);
        call("malformed", "00-xyz-1").await.expect(200);
        assert!(server.terminate().await.success());
        let is_theirs = |span: &Span| hex(&span.trace_id) == theirs;
        let sampled = collector.of_request("sampled").await;
        assert_eq!((is_theirs(&sampled), !sampled.parent_span_id.is_empty()), (follows, follows), "{trusted}");
        let left_out = collector.spans().iter().any(|span| text_of(&span.attributes, "request_id") == "left-out");
        assert_eq!(left_out, !follows, "{trusted}: what the proxy leaves out is left out here");
        let malformed = collector.of_request("malformed").await;
        assert!(!is_theirs(&malformed) && malformed.parent_span_id.is_empty());
    }
}

fn hex(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    octets.iter().fold(String::new(), |mut text, octet| {
        write!(text, "{octet:02x}").unwrap();
        text
    })
}

#[tokio::test]
async fn requests_are_answered_as_ever_while_the_collector_is_away_and_traced_once_it_is_back() {
    let collector = Collector::start();
    collector.be(Mood::Refuses);
    let mut server = setup(&collector).start().await;
    server.register("traced@example.org").await;
    let start = Instant::now();
    while collector.asked() < 2 {
        assert!(start.elapsed() < Duration::from_secs(20), "no second batch");
        sign_in_as(&server, "lost", PASSWORD, 200).await;
    }
    collector.be(Mood::Takes);
    sign_in_as(&server, "after", PASSWORD, 200).await;
    collector.of_request("after").await;
    // It has to hear of it first.
    let start = Instant::now();
    while !server.log().contains("the collector takes traces again") {
        assert!(start.elapsed() < Duration::from_secs(10), "{}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let told = |log: &str, line: &str| log.lines().filter(|told| told.contains(line)).count();
    let log = server.log();
    assert_eq!(told(&log, "the collector does not take traces"), 1, "{log}");
    assert!(log.contains("it answered 503"), "{log}");
    assert_eq!(told(&log, "the collector takes traces again"), 1, "{log}");

    // What hangs holds up no request, and the end no longer than it may.
    collector.be(Mood::Hangs);
    let asked = collector.asked();
    for _ in 0..3 {
        let start = Instant::now();
        sign_in_as(&server, "meanwhile", PASSWORD, 200).await;
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    }
    while collector.asked() == asked {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let start = Instant::now();
    assert!(server.terminate().await.success());
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    let log = server.log();
    assert_eq!(told(&log, "the last traces were not sent"), 1, "{log}");
}

#[tokio::test]
async fn a_start_without_its_collector_works_and_says_so_once() {
    let collector = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://user:confidential@{}", collector.local_addr().unwrap());
    drop(collector);
    let mut server = Setup::default().set("TELEMETRY__OTLP_ENDPOINT", &url).start().await;
    server.register("traced@example.org").await;
    sign_in_as(&server, "lost", PASSWORD, 200).await;
    assert!(server.terminate().await.success());
    let log = server.log();
    let told = log.lines().filter(|line| line.contains("the collector does not take traces")).collect::<Vec<_>>();
    assert_eq!(told.len(), 1, "{log}");
    assert!(told[0].contains("no connection") && !log.contains("confidential"), "{log}");
}

#[tokio::test]
async fn a_collector_behind_tls_is_known_by_its_certificate_and_given_the_password() {
    let file = |name: &str| format!("{}/tests/it/tls/{name}", env!("CARGO_MANIFEST_DIR"));
    let pem = file("localhost.pem");
    let collector = Collector::start_with_tls(Path::new(&pem), Path::new(&file("localhost.key")));
    let url = format!("https://user:p%40ss@localhost:{}/base/", collector.port());
    for (trusted, taken) in [(false, false), (true, true)] {
        let setup = Setup::default().set("TELEMETRY__OTLP_ENDPOINT", &url);
        let setup = if trusted { setup.variable("SSL_CERT_FILE", &pem) } else { setup };
        let mut server = setup.start().await;
        assert!(server.terminate().await.success());
        assert_eq!(!collector.batches().is_empty(), taken, "{}", server.log());
        assert_eq!(server.log().contains("the collector does not take traces"), !taken, "{}", server.log());
    }
    let head = collector.batches()[0].head.to_lowercase();
    assert!(head.starts_with("post /base/v1/traces http/1.1\r\n"), "{head}");
    // user:p@ss
    assert!(head.contains("authorization: basic dxnlcjpwqhnz\r\n"), "{head}");
}

#[tokio::test]
async fn a_mail_is_a_trace_of_its_own_and_a_share_of_none_is_none() {
    let Some(mails) = MailServer::start() else { return };
    for (share, traced) in [("1", true), ("0", false)] {
        let collector = Collector::start();
        let setup = setup(&collector).variable("SMTP_URL", &mails.url("smtp", ""));
        let mut server = setup.set("TELEMETRY__SAMPLE_RATIO", share).start().await;
        server.register("mailed@example.org").await;
        let rows = server.rows().await;
        while rows.one::<i64>("SELECT COUNT(*) FROM mails WHERE status = 'queued'").await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        drop(rows);
        assert!(server.terminate().await.success());
        let spans = collector.spans();
        let sent: Vec<&Span> = spans.iter().filter(|span| span.name == "send mail").collect();
        assert_eq!(sent.len(), usize::from(traced), "{spans:?}");
        assert!(sent.iter().all(|span| span.kind() == SpanKind::Producer && span.parent_span_id.is_empty()));
        assert_eq!(spans.is_empty(), !traced, "{spans:?}");
    }
}
