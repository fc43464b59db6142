//! What `doctor` says of the certificate of the listener.

use std::path::Path;

use crate::doctor::{assert_alone_fails, line};
use crate::support::{Certificate, run, said};

#[test]
fn a_certificate_that_has_expired_or_has_another_key() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name, days| Certificate::make(folder.path(), name, "localhost", days);
    let (good, other, expired) = (make("good", 30), make("other", 30), make("expired", -1));
    let fails = |cert: &Path, key: &Path, parts: &[&str]| {
        let tls = [
            ("COUNTERSIGN__SERVER__TLS_CERT", cert.to_str().unwrap()),
            ("COUNTERSIGN__SERVER__TLS_KEY", key.to_str().unwrap()),
        ];
        assert_alone_fails(folder.path(), &tls, "tls", parts);
    };
    fails(&good.cert, &other.key, &["do not belong together", "name chain and key of one renewal"]);
    fails(&expired.cert, &expired.key, &["expired on ", "renew it"]);
}

#[test]
fn a_certificate_that_ends_soon_is_for_another_or_has_an_expired_one_behind_it_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name, days| Certificate::make(folder.path(), name, "localhost", days);
    let (good, soon, expired) = (make("good", 30), make("soon", 13), make("expired", -1));
    let chain = folder.path().join("chain.pem");
    std::fs::write(&chain, [&good.cert, &expired.cert].map(|cert| std::fs::read_to_string(cert).unwrap()).concat())
        .unwrap();
    let told = |cert: &Path, key: &Path, url: &str| {
        let tls = [
            ("COUNTERSIGN__SERVER__TLS_CERT", cert.to_str().unwrap()),
            ("COUNTERSIGN__SERVER__TLS_KEY", key.to_str().unwrap()),
            ("COUNTERSIGN__SERVER__PUBLIC_URL", url),
        ];
        let (code, output, errors) = said(&run(folder.path(), &["doctor"], &tls));
        assert_eq!(code, Some(0), "a warning is no failure: {output}{errors}");
        line(&output, "tls").to_owned()
    };
    let (here, there) = ("https://localhost:8443", "https://accounts.example.org");
    assert!(told(&good.cert, &good.key, here).starts_with("ok "));
    for (cert, key, url, part) in [
        (&soon.cert, &soon.key, here, ", in 12 days: renew it"),
        (&good.cert, &good.key, there, "is not for accounts.example.org, which server.public_url names"),
        (&chain, &good.key, here, "a certificate of an authority in server.tls_cert expired on "),
    ] {
        let line = told(cert, key, url);
        assert!(line.starts_with("warning ") && line.contains(part), "{line}");
    }
}
