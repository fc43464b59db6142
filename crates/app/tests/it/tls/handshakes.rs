//! Clients that connect and do not begin to speak TLS.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::tls::HttpsServer;

#[tokio::test]
async fn connections_that_say_nothing_keep_nobody_out() {
    let server = HttpsServer::with(&[("COUNTERSIGN__SERVER__WORKERS", "2")]).await;
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
    let silent: Vec<_> = (0..1_000).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    for _ in 0..5 {
        let asked = Instant::now();
        let mut stream = server.connect("http/1.1").await;
        stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut line = [0; 15];
        stream.read_exact(&mut line).await.unwrap();
        assert_eq!(&line, b"HTTP/1.1 200 OK");
        assert!(asked.elapsed() < Duration::from_secs(2), "others wait: {:?}", asked.elapsed());
    }
    drop(silent);
}
