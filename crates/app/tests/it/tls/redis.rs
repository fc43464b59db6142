//! Redis over TLS.

use std::time::{Duration, Instant};

use crate::support::{Redis, Setup, TestServer, assert_problem};
use crate::tls::file;

const PASSWORD: &str = "open-sesame-and-hold";

async fn with(url: &str, trusted: bool) -> TestServer {
    let setup = Setup::default().variable("REDIS_URL", url).set("REDIS__TIMEOUT", "1s");
    let setup = if trusted { setup.variable("SSL_CERT_FILE", &file("localhost.pem")) } else { setup };
    setup.start().await
}

#[tokio::test]
async fn redis_is_asked_over_tls_by_its_name_and_password_and_not_at_all_without() {
    let Some(redis) = Redis::start_with_tls(&file("localhost.pem"), &file("localhost.key"), PASSWORD) else { return };
    let port = redis.port();
    let refused = [
        ("a wrong password", format!("rediss://:wrong-sesame@localhost:{port}"), true),
        ("no password", format!("rediss://localhost:{port}"), true),
        ("a certificate that nobody trusts", format!("rediss://:{PASSWORD}@localhost:{port}"), false),
        ("a certificate for another name", format!("rediss://:{PASSWORD}@127.0.0.2:{port}"), true),
        ("no TLS", format!("redis://:{PASSWORD}@localhost:{port}"), true),
    ];
    for (what, url, trusted) in refused {
        let mut server = with(&url, trusted).await;
        let ready = server.get("/health/ready").send().await.expect(200).text;
        assert!(ready.contains(r#""redis","status":"degraded""#), "{what}: {ready}");
        assert!(server.terminate().await.success());
        let log = server.log();
        assert!(log.contains("Redis does not answer") && !log.contains("sesame"), "{what}: {log}");
    }
    assert_eq!(redis.dump(), "");
    for host in ["localhost", "127.0.0.1"] {
        let server = with(&format!("rediss://:{PASSWORD}@{host}:{port}/3"), true).await;
        let (_, tokens) = server.signed_in("shared@example.org").await;
        server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
        let ready = server.get("/health/ready").send().await.expect(200).text;
        assert!(ready.contains(r#""redis","status":"ready""#), "{ready}");
        let keys = redis.ask(&["-n", "3", "KEYS", "countersign:session:*"]);
        assert!(keys.contains("countersign:session:"), "{keys}");
        assert_eq!(redis.ask(&["FLUSHALL"]), "OK");
    }
}

#[tokio::test]
async fn a_cluster_is_asked_by_its_password_and_over_tls_on_every_master() {
    let (certificate, key) = (file("localhost.pem"), file("localhost.key"));
    for (scheme, tls) in [("redis", None), ("rediss", Some((certificate.as_str(), key.as_str())))] {
        let Some(masters) = Redis::start_guarded_cluster(PASSWORD, tls) else { return };
        let urls = |password: &str| {
            masters.each_ref().map(|master| format!("{scheme}://{password}127.0.0.1:{}", master.port())).join(",")
        };
        let mut server = with(&urls(":wrong-sesame@"), true).await;
        let ready = server.get("/health/ready").send().await.expect(200).text;
        assert!(ready.contains(r#""redis","status":"degraded""#), "{scheme}: {ready}");
        assert!(server.terminate().await.success());
        assert!(server.log().contains("Redis does not answer") && !server.log().contains("sesame"), "{}", server.log());
        let server = with(&urls(&format!(":{PASSWORD}@")), true).await;
        for n in 0..8 {
            let (_, tokens) = server.signed_in(&format!("user{n}@example.org")).await;
            let start = Instant::now();
            server.post("/auth/logout").bearer(&tokens.access).send().await.expect(204);
            assert!(start.elapsed() < Duration::from_secs(4), "nothing confirms that old entries are gone");
            assert_problem(&server.get("/auth/me").bearer(&tokens.access).send().await, 401, "invalid_token");
        }
        let ready = server.get("/health/ready").send().await.expect(200).text;
        assert!(ready.contains(r#""redis","status":"ready""#), "{ready}");
        for master in &masters {
            assert!(master.ask(&["KEYS", "*"]).contains("countersign:"), "{scheme}: a master was never asked");
        }
    }
}
