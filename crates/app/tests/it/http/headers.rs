//! What every answer carries, whoever made it (ASVS 3.4, 13.4.6).

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Call, Setup, TestServer, assert_problem};

#[track_caller]
fn assert_guarded(answer: &Answer, https: bool) {
    // Of a page's forms browsers are to say that they are from here.
    let is_page = answer.header("content-type").starts_with("text/html");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", if is_page { "strict-origin" } else { "no-referrer" }),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name}: {answer:?}");
    }
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{answer:?}");
    assert!(!policy.contains("unsafe"), "{answer:?}");
    assert!(!answer.header("x-request-id").is_empty(), "{answer:?}");
    assert!(answer.header("permissions-policy").contains("camera=()"), "{answer:?}");
    for told in ["server", "x-powered-by", "via", "access-control-allow-origin"] {
        assert_eq!(answer.header(told), "", "{answer:?}");
    }
    let expected = if https { "max-age=" } else { "" };
    assert!(answer.header("strict-transport-security").starts_with(expected), "{answer:?}");
    assert_eq!(answer.header("strict-transport-security").is_empty(), !https, "{answer:?}");
}

/// One call for each status that the service answers with.
fn calls(server: &TestServer, token: &str) -> Vec<(u16, Call)> {
    let login = |content_type: &str, body: &str| {
        server.post("/auth/login").header("content-type", content_type).body(body.as_bytes())
    };
    vec![
        (200, server.get("/auth/me").bearer(token)),
        (200, server.get("/health/live")),
        (200, server.get("/openapi.json")),
        (200, server.get("/.well-known/jwks.json")),
        (200, server.get("/")),
        (200, server.get("/reset-password")),
        (202, server.post("/auth/password-reset-request").json(&json!({"email": "nobody@example.org"}))),
        (204, server.post("/auth/logout").json(&json!({"refresh_token": "unknown"}))),
        (308, server.get("/docs/")),
        (400, login("application/json", "{")),
        (400, server.get("/reset-password?token=x")),
        (401, server.get("/auth/me")),
        (401, server.sign_in("nobody@example.org", "wrong password")),
        (403, server.get("/admin/users").bearer(token)),
        (404, server.get("/nothing/here")),
        (404, server.get("/teams/not-an-id").bearer(token)),
        (405, server.delete("/auth/login")),
        (413, login("application/json", &" ".repeat(64 * 1024 + 1))),
        (415, login("text/plain", "{}")),
        (422, login("application/json", "{}")),
    ]
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("reader@example.org").await;
    for (status, call) in calls(&server, &tokens.access) {
        let answer = call.send().await.expect(status);
        assert_guarded(&answer, false);
        let may_be_kept = answer.text.contains("\"keys\"") || answer.text.contains("\"openapi\"");
        assert!(may_be_kept || answer.header("cache-control").contains("no-store"), "{answer:?}");
    }
}

#[tokio::test]
async fn what_depends_on_a_token_says_so_to_caches() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("reader@example.org").await;
    let vary = |answer: &Answer| {
        let values = answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap().to_lowercase());
        let mut names: Vec<String> =
            values.flat_map(|value| value.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>()).collect();
        names.sort();
        names
    };
    let of_browsers = ["access-control-request-headers", "access-control-request-method", "origin"];
    let closed = [
        (200, server.get("/auth/me").bearer(&tokens.access)),
        (200, server.get("/auth/teams").bearer(&tokens.access)),
        (401, server.get("/auth/me")),
        (401, server.get("/auth/me").bearer("a.b.c")),
        (403, server.get("/admin/users").bearer(&tokens.access)),
        (404, server.get("/teams/not-an-id").bearer(&tokens.access)),
        (422, server.post("/teams").bearer(&tokens.access).json(&json!({}))),
    ];
    for (status, call) in closed {
        let answer = call.send().await.expect(status);
        assert_eq!(vary(&answer), [of_browsers[0], of_browsers[1], "authorization", of_browsers[2]], "{answer:?}");
    }
    let open = server.get("/.well-known/jwks.json").send().await.expect(200);
    assert_eq!(vary(&open), of_browsers, "{open:?}");
}

#[tokio::test]
async fn a_refusal_for_its_rate_carries_them_too() {
    for limit in ["LIMITS__LOGIN_PER_MINUTE_PER_IP", "LIMITS__FLOOD_PER_SECOND_PER_IP"] {
        let server = Setup::default().set(limit, "1").start().await;
        let mut refused = None;
        for _ in 0..20 {
            let answer = server.sign_in("nobody@example.org", "wrong password").send().await;
            if answer.status == 429 {
                refused = Some(answer);
                break;
            }
        }
        let refused = refused.unwrap_or_else(|| panic!("{limit} refuses nothing"));
        assert_problem(&refused, 429, "rate_limited");
        assert_guarded(&refused, false);
    }
}

#[tokio::test]
async fn behind_a_proxy_that_speaks_https_browsers_are_told_to_stay_there() {
    let server = Setup::default()
        .set("SERVER__PUBLIC_URL", "https://localhost")
        .set("SERVER__TRUSTED_PROXIES", "127.0.0.0/8")
        .start()
        .await;
    let (_, tokens) = server.signed_in("reader@example.org").await;
    for (status, call) in calls(&server, &tokens.access) {
        assert_guarded(&call.send().await.expect(status), true);
    }
}

#[tokio::test]
async fn the_request_id_of_a_client_is_echoed_only_if_it_is_harmless() {
    let server = TestServer::start().await;
    let with = async |id: &str| {
        let answer = server.get("/health/live").header("x-request-id", id).send().await.expect(200);
        answer.header("x-request-id").to_owned()
    };
    assert_eq!(with("Trace-1.a_b").await, "Trace-1.a_b");
    for bad in ["a b", "a\"b", "<script>", "a\tb", &"a".repeat(65)] {
        let given = with(bad).await;
        assert!(given != bad && given.len() == 36, "{bad:?} became {given:?}");
    }
}

#[tokio::test]
async fn nothing_private_is_served() {
    let server = TestServer::start().await;
    for path in [
        "/metrics",
        "/debug",
        "/debug/pprof",
        "/swagger",
        "/swagger-ui/index.html",
        "/.git/config",
        "/.env",
        "/actuator",
        "/server-status",
        "/health",
        "/countersign.toml",
        "/assets/../../secret.key",
        "/assets/..%2f..%2fsecret.key",
        "/docs/..%2f..%2fCargo.toml",
    ] {
        let exchange = server.exchange(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
        assert_eq!(exchange.statuses(), [404], "{path}: {exchange:?}");
    }
    for path in ["/health/live", "/health/ready"] {
        let answer = server.get(path).send().await.expect(200);
        for told in ["version", "0.1.0", "sqlite", "postgres", "/tmp", "127.0.0.1"] {
            assert!(!answer.text.to_lowercase().contains(told), "{told}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn what_is_personal_has_no_second_path_that_a_cache_takes_for_a_file() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("owner@example.org").await;
    for call in ["/auth/me", "/auth/teams", "/auth/me/export"] {
        server.get(call).bearer(&tokens.access).send().await.expect(200);
        for suffix in [
            "/x.css", ";x.css", "%2fx.css", ".css", "%3bx.css", "%00.css", "%0ax.css", "%23x.css", "%3fx.css",
            "//x.css", "/",
        ] {
            let answer = server.get(&format!("{call}{suffix}")).bearer(&tokens.access).send().await;
            assert_problem(&answer, 404, "not_found");
            assert!(!answer.text.contains(&account.email), "{call}{suffix}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_forged_host_changes_nothing() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("owner@example.org").await;
    let call = server.post("/teams").bearer(&tokens.access).json(&json!({"name": "Teamname"}));
    let answer =
        call.header("host", "evil.example").header("x-forwarded-host", "evil.example").send().await.expect(201);
    assert!(!answer.header("location").contains("evil"), "{answer:?}");
    let reset = server.post("/auth/password-reset-request").json(&json!({"email": "owner@example.org"}));
    reset.header("host", "evil.example").header("x-forwarded-host", "evil.example").send().await.expect(202);
    let mail = server.mailbox().about("owner@example.org", "password").await;
    assert!(!mail.raw.contains("evil.example") && mail.text.contains(&server.url("/reset-password")), "{}", mail.text);
    let missing = server.call(Method::GET, "/nothing").header("host", "evil.example").send().await;
    assert_problem(&missing, 404, "not_found");
    assert!(!missing.text.contains("evil.example"), "{}", missing.text);
}
