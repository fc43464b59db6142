//! What answers of a service over HTTP mean.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use countersign_verifier::{HttpIssuer, Verifier, VerifyError};
use serde_json::json;

use crate::staged_issuer::{AUDIENCE, ISSUER, NOW, SigningKey};

/// Answers questions about tokens with the status that the test sets.
fn serve(key: &SigningKey, status: Arc<AtomicU16>) -> SocketAddr {
    let keys = json!({ "keys": [key.jwk()] }).to_string();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), &keys, status.load(Ordering::SeqCst));
        }
    });
    address
}

fn answer(mut stream: TcpStream, keys: &str, status: u16) {
    let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
    while !request.ends_with(b"\r\n\r\n") {
        let read = stream.read(&mut chunk).unwrap();
        if read == 0 {
            return;
        }
        request.extend_from_slice(&chunk[..read]);
    }
    let (status, body) = if request.starts_with(b"GET /auth/me ") { (status, "{}") } else { (200, keys) };
    let head = format!("HTTP/1.1 {status} Some\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
}

#[tokio::test]
async fn a_token_that_is_refused_for_itself_keeps_no_other_out_and_an_outage_does() {
    let key = SigningKey::named("one");
    let status = Arc::new(AtomicU16::new(200));
    let address = serve(&key, status.clone());
    for (refused, keeps_others_out) in [
        (400, false),
        (403, false),
        (413, false),
        (431, false),
        (404, true),
        (307, true),
        (429, true),
        (500, true),
        (502, true),
        (503, true),
    ] {
        let issuer = HttpIssuer::new(&format!("http://{address}")).unwrap();
        let verifier = Verifier::new(issuer, ISSUER, AUDIENCE).with_clock(|| NOW);
        let verifier = verifier.with_revocation_check(Duration::from_mins(1));
        status.store(refused, Ordering::SeqCst);
        let verdict = verifier.verify(&key.token()).await;
        assert!(matches!(verdict, Err(VerifyError::Unavailable(_))), "{refused}: {verdict:?}");
        status.store(200, Ordering::SeqCst);
        let verdict = verifier.verify(&key.token()).await;
        let is_out = matches!(verdict, Err(VerifyError::Unavailable(_)));
        assert_eq!((verdict.is_ok(), is_out), (!keeps_others_out, keeps_others_out), "{refused}: {verdict:?}");
    }
}
