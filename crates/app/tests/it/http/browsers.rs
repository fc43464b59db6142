//! Calls from pages of other origins.

use reqwest::Method;

use crate::support::{Call, Setup, TestServer};

const APP: &str = "https://app.example.org";

async fn server() -> TestServer {
    Setup::default().set("SERVER__CORS_ORIGINS", "https://app.example.org,https://other.example.org").start().await
}

fn preflight(server: &TestServer, origin: &str, method: &str, headers: &str) -> Call {
    let call = server.call(Method::OPTIONS, "/auth/me").header("origin", origin);
    call.header("access-control-request-method", method).header("access-control-request-headers", headers)
}

#[tokio::test]
async fn pages_of_the_listed_origins_may_call_and_read_refusals_too() {
    let server = server().await;
    for (call, status) in [
        (server.get("/health/live"), 200),
        (server.get("/auth/me"), 401),
        (server.get("/nothing"), 404),
        (server.sign_in("nobody@example.org", "wrong password"), 401),
    ] {
        let answer = call.header("origin", APP).send().await.expect(status);
        assert_eq!(answer.header("access-control-allow-origin"), APP, "{answer:?}");
        assert_eq!(answer.header("access-control-allow-credentials"), "", "{answer:?}");
        assert!(answer.header("access-control-expose-headers").contains("retry-after"), "{answer:?}");
        let varies =
            answer.headers.get_all("vary").iter().any(|v| v.to_str().unwrap().to_lowercase().contains("origin"));
        assert!(varies, "a cache could hand it to another origin: {answer:?}");
    }
    let allowed = preflight(&server, APP, "PATCH", "authorization,content-type").send().await;
    assert_eq!(allowed.status / 100, 2, "{allowed:?}");
    assert_eq!(allowed.header("access-control-allow-origin"), APP);
    assert!(allowed.header("access-control-allow-methods").contains("PATCH"), "{allowed:?}");
}

#[tokio::test]
async fn pages_of_every_other_origin_may_not() {
    let server = server().await;
    for origin in [
        "https://evil.example",
        "https://app.example.org.evil.example",
        "https://evilapp.example.org",
        "http://app.example.org",
        "https://app.example.org:8443",
        "https://APP.example.org.",
        "null",
        "*",
    ] {
        let answer = server.get("/health/live").header("origin", origin).send().await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}: {answer:?}");
        let refused = preflight(&server, origin, "GET", "authorization").send().await;
        assert_eq!(refused.header("access-control-allow-origin"), "", "{origin}: {refused:?}");
    }
    let method = preflight(&server, APP, "PUT", "authorization").send().await;
    assert!(!method.header("access-control-allow-methods").contains("PUT"), "{method:?}");
}

#[tokio::test]
async fn without_the_setting_no_origin_may() {
    let server = TestServer::start().await;
    for call in [server.get("/health/live").header("origin", APP), preflight(&server, APP, "GET", "authorization")] {
        let answer = call.send().await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{answer:?}");
    }
}
