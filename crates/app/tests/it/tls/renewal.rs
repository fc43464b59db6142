//! Certificates that are renewed while the service runs.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::metrics::{Exposition, assert_told_of_tls};
use crate::support::{Certificate, run};
use crate::tls::HttpsServer;

/// A server with files that a test may exchange, and two certificates to put there.
struct Scene {
    server: HttpsServer,
    in_use: Certificate,
    first: Certificate,
    second: Certificate,
    folder: TempDir,
}

impl Scene {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let make = |name| Certificate::make(folder.path(), name, "localhost", 30);
        let (in_use, first, second) = (make("in_use"), make("first"), make("second"));
        put(&first.cert, &in_use.cert);
        put(&first.key, &in_use.key);
        let (cert, key) = (in_use.cert.to_str().unwrap(), in_use.key.to_str().unwrap());
        let server = HttpsServer::start(&[
            ("COUNTERSIGN__SERVER__TLS_CERT", cert),
            ("COUNTERSIGN__SERVER__TLS_KEY", key),
            ("COUNTERSIGN__LOG__FORMAT", "json"),
        ])
        .await;
        Self { server, in_use, first, second, folder }
    }

    fn make(&self, name: &str, days: i32) -> Certificate {
        Certificate::make(self.folder.path(), name, "localhost", days)
    }

    /// Whether a new connection is shown this certificate.
    async fn shows(&self, certificate: &Certificate) -> bool {
        self.server.connect_trusting(&certificate.cert, "http/1.1").await.is_ok()
    }

    async fn until_it_shows(&self, certificate: &Certificate) {
        let start = Instant::now();
        while !self.shows(certificate).await {
            assert!(start.elapsed() < Duration::from_secs(20), "the files were not read again:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn until_log_has(&self, words: &str) {
        let start = Instant::now();
        while !self.log().contains(words) {
            assert!(start.elapsed() < Duration::from_secs(20), "{words}:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// In how many days the certificate ends, as the listener of the metrics tells it; rounded.
    async fn days_left(&self) -> String {
        self.until_log_has("metrics are served").await;
        let log = self.log();
        let line = log.lines().find(|line| line.contains("metrics are served")).unwrap();
        let (_, rest) = line.split_once("\"address\":\"").unwrap();
        let page = reqwest::get(format!("http://{}/metrics", rest.split('"').next().unwrap())).await.unwrap();
        let page = Exposition::parse(&page.text().await.unwrap());
        assert_told_of_tls(&page);
        let end = page.value("countersign_tls_certificate_expiration_timestamp_seconds", &[]);
        format!("{:.0}", (end - SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64()) / 86_400.0)
    }

    fn log(&self) -> String {
        self.server.log.text()
    }
}

/// As those do who renew certificates: beside it, and then in its place.
fn put(from: &Path, to: &Path) {
    let beside = to.with_extension("next");
    std::fs::copy(from, &beside).unwrap();
    std::fs::rename(&beside, to).unwrap();
}

async fn is_answered(stream: &mut TlsStream<TcpStream>) -> bool {
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = [0; 4096];
    let read = stream.read(&mut answer).await.unwrap();
    answer[..read].starts_with(b"HTTP/1.1 200 OK")
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart_and_open_connections_go_on() {
    let scene = Scene::start().await;
    let mut open = scene.server.connect_trusting(&scene.first.cert, "http/1.1").await.unwrap();
    assert!(is_answered(&mut open).await && !scene.shows(&scene.second).await);
    // One after the other, as they are written: what is there in between does not fit together.
    put(&scene.second.cert, &scene.in_use.cert);
    put(&scene.second.key, &scene.in_use.key);
    scene.until_it_shows(&scene.second).await;
    assert!(!scene.shows(&scene.first).await, "the former one is still shown");
    assert!(is_answered(&mut open).await, "a connection from before was broken off");
}

#[tokio::test]
async fn the_end_of_the_chain_that_is_shown_is_measured_anew_after_a_renewal() {
    let scene = Scene::start().await;
    assert_eq!(scene.days_left().await, "30");
    // An authority behind the certificate may end before it.
    let (longer, authority) = (scene.make("longer", 90), scene.make("authority", 60));
    let chain = [&longer.cert, &authority.cert].map(|cert| std::fs::read_to_string(cert).unwrap()).concat();
    std::fs::write(&longer.cert, chain).unwrap();
    put(&longer.key, &scene.in_use.key);
    put(&longer.cert, &scene.in_use.cert);
    scene.server.signal("HUP");
    scene.until_it_shows(&longer).await;
    assert_eq!(scene.days_left().await, "60");
    // Not what the files say: what is shown.
    put(&scene.first.cert, &scene.in_use.cert);
    scene.server.signal("HUP");
    scene.until_log_has("cannot be used, and the former go on").await;
    assert_eq!(scene.days_left().await, "60");
}

#[tokio::test]
async fn a_pair_that_cannot_be_used_changes_nothing_and_is_told_once() {
    let scene = Scene::start().await;
    put(&scene.second.cert, &scene.in_use.cert);
    scene.until_log_has("cannot be used, and the former go on").await;
    assert!(scene.shows(&scene.first).await);
    // For as long as another look takes to come.
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(scene.log().matches("cannot be used, and the former go on").count(), 1, "{}", scene.log());
    assert!(scene.log().contains("do not belong together"), "{}", scene.log());
    // It serves, and so it is healthy.
    let (cert, key) = (scene.in_use.cert.to_str().unwrap(), scene.in_use.key.to_str().unwrap());
    let settings = [
        ("COUNTERSIGN__SERVER__TLS_CERT", cert),
        ("COUNTERSIGN__SERVER__TLS_KEY", key),
        ("COUNTERSIGN__SERVER__LISTEN", scene.server.address.as_str()),
    ];
    assert_eq!(run(scene.folder.path(), &["health"], &settings).status.code(), Some(0));
    // The rest of it comes late.
    put(&scene.second.key, &scene.in_use.key);
    scene.until_it_shows(&scene.second).await;
}

#[tokio::test]
async fn sighup_reads_the_files_at_once_and_says_what_it_found() {
    let scene = Scene::start().await;
    std::fs::remove_file(&scene.in_use.key).unwrap();
    scene.server.signal("HUP");
    scene.until_log_has("cannot read server.tls_key").await;
    assert!(scene.shows(&scene.first).await);
    put(&scene.second.cert, &scene.in_use.cert);
    put(&scene.second.key, &scene.in_use.key);
    let start = Instant::now();
    scene.server.signal("HUP");
    scene.until_it_shows(&scene.second).await;
    assert!(start.elapsed() < Duration::from_secs(3), "it waited for its next look: {:?}", start.elapsed());
    scene.server.signal("HUP");
    scene.until_log_has("\"changed\":false").await;
}

#[tokio::test]
async fn a_certificate_that_clients_do_not_take_is_told_at_the_start_and_when_it_is_taken_over() {
    let scene = Scene::start().await;
    let expired = scene.make("expired", -1);
    assert!(!scene.log().contains("expired on"), "{}", scene.log());
    put(&expired.cert, &scene.in_use.cert);
    put(&expired.key, &scene.in_use.key);
    scene.until_log_has("the certificate of server.tls_cert expired on").await;
    let (cert, key) = (scene.in_use.cert.to_str().unwrap(), scene.in_use.key.to_str().unwrap());
    let files = [("COUNTERSIGN__SERVER__TLS_CERT", cert), ("COUNTERSIGN__SERVER__TLS_KEY", key)];
    let server = HttpsServer::start(&files).await;
    assert!(server.log.text().contains("the certificate of server.tls_cert expired on"), "{}", server.log.text());
}
