//! Who a client is does not hang on what it speaks.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::tls::HttpsServer;
use crate::tls::http2::{call, connect, login};

fn guess() -> Vec<u8> {
    json!({"email": "nobody@example.org", "password": "wrong"}).to_string().into()
}

/// The status of a guess over HTTP/1.1.
async fn guess_over_http1(server: &HttpsServer, hop: &str) -> u16 {
    let body = guess();
    server.confidences.note_octets(&body);
    let head = format!(
        "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n\
         X-Forwarded-For: {hop}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = server.connect("http/1.1").await;
    stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    String::from_utf8_lossy(&status[9..]).parse().unwrap()
}

#[tokio::test]
async fn a_limit_is_of_the_client_over_either_and_a_trusted_proxy_says_who_that_is() {
    let limit = ("COUNTERSIGN__LIMITS__LOGIN_PER_MINUTE_PER_IP", "2");
    // Believed, each forwarded address is a client; not believed, all of them are this machine.
    for (networks, of_another) in [("127.0.0.1/32", 401), ("10.0.0.0/8", 429)] {
        let server = HttpsServer::with(&[limit, ("COUNTERSIGN__SERVER__TRUSTED_PROXIES", networks)]).await;
        let (client, _ended) = connect(&server).await;
        let over_http2 = async |hop: &'static str| {
            let mut sent = login(guess());
            sent.headers_mut().insert("x-forwarded-for", hop.parse().unwrap());
            call(&client, sent).await.status
        };
        assert_eq!(guess_over_http1(&server, "192.0.2.1").await, 401);
        assert_eq!(over_http2("192.0.2.1").await, 401);
        assert_eq!(over_http2("192.0.2.1").await, 429, "{networks}");
        assert_eq!(guess_over_http1(&server, "192.0.2.1").await, 429, "{networks}");
        assert_eq!(over_http2("198.51.100.1").await, of_another, "{networks}");
    }
}
