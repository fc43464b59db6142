//! HTTPS by certificate and key of the settings.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::support::{command, run};

/// For these tests alone: the key is public.
fn file(name: &str) -> String {
    format!("{}/tests/it/tls/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn https_is_served_and_health_asks_by_https() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (file("localhost.pem"), file("localhost.key"));
    let tls = [("COUNTERSIGN__SERVER__TLS_CERT", cert.as_str()), ("COUNTERSIGN__SERVER__TLS_KEY", key.as_str())];
    let mut serve = command(folder.path());
    serve.arg("serve").envs(tls).env("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:0");
    let mut server = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut banner = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut banner).unwrap();
    let address = banner.trim().split_once("listening on https://").map(|(_, address)| address.to_owned());
    let health = |tls: &[(&str, &str)]| {
        let listen = address.as_deref().unwrap_or_default();
        run(folder.path(), &["health"], &[tls, &[("COUNTERSIGN__SERVER__LISTEN", listen)]].concat()).status.code()
    };
    let by_https = health(&tls);
    let by_http = health(&[]);
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(address.is_some(), "{banner}");
    assert_eq!((by_https, by_http), (Some(0), Some(1)));
}

#[test]
fn a_key_of_another_certificate_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (file("localhost.pem"), file("other.key"));
    let tls = [("COUNTERSIGN__SERVER__TLS_CERT", cert.as_str()), ("COUNTERSIGN__SERVER__TLS_KEY", key.as_str())];
    for arguments in [&["config", "check"][..], &["serve"]] {
        let output =
            run(folder.path(), arguments, &[&tls[..], &[("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:0")]].concat());
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(errors.contains("do not belong together"), "{errors}");
    }
}
