//! Mail servers that are not who they ought to be, and those that want to know who comes.

use std::path::Path;

use crate::mail_server::{setback, until_settled};
use crate::support::{Certificate, MailServer, Setup, TestServer};

/// How TLS is spoken, with the scheme and the rest of the URL that ask for it.
const WAYS: [(&str, &str, &str); 2] = [("implicit", "smtps", ""), ("starttls", "smtp", "?tls=required")];

/// A service whose mail goes there, and which trusts these certificates alone.
async fn start(url: &str, trusted: &Path) -> TestServer {
    Setup::default().variable("SMTP_URL", url).variable("SSL_CERT_FILE", trusted.to_str().unwrap()).start().await
}

#[tokio::test]
async fn nothing_goes_to_a_mail_server_whose_certificate_is_not_right() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name, host, days| Certificate::make(folder.path(), name, host, days);
    let (good, other) = (make("good", "localhost", 30), make("other", "mail.example.org", 30));
    let expired = make("expired", "localhost", -1);
    for (shown, trusted, reason) in [
        (&good, &other, "the certificate of the mail server is of nobody who is trusted"),
        (&other, &other, "the certificate of the mail server is for another name"),
        (&expired, &expired, "the certificate of the mail server has expired"),
    ] {
        for (tls, scheme, query) in WAYS {
            let Some(mails) = MailServer::start_with_tls(tls, shown) else { return };
            let server = start(&mails.url(scheme, query), &trusted.cert).await;
            server.register("user@example.org").await;
            assert_eq!(setback(&server).await, reason, "{tls}");
            assert!(mails.seen("connection").len() == 1 && mails.seen("MAIL").is_empty(), "{tls}: {reason}");
        }
    }
}

#[tokio::test]
async fn nothing_goes_in_the_clear_where_encryption_is_required() {
    let Some(mails) = MailServer::start() else { return };
    for (scheme, query) in [("smtps", ""), ("smtp", "?tls=required")] {
        let server =
            Setup::default().variable("SMTP_URL", &mails.url(scheme, query)).set("MAIL__TIMEOUT", "2s").start().await;
        server.register("user@example.org").await;
        let reason = setback(&server).await;
        let expected = if scheme == "smtps" {
            // Each waits for the other to begin as it ought to, or takes what comes for nonsense.
            ["no TLS with the mail server", "the mail server did not answer in time"].as_slice()
        } else {
            &["the mail server does not offer what is required"]
        };
        assert!(expected.contains(&reason.as_str()), "{scheme}: {reason}");
        assert!(mails.seen("MAIL").is_empty() && mails.seen("mail").is_empty(), "{scheme}");
    }
}

#[tokio::test]
async fn a_trusted_certificate_and_the_right_password_send_the_mail_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    let good = Certificate::make(folder.path(), "good", "localhost", 30);
    let word = "wren+under/the=eaves";
    for (tls, scheme, query) in WAYS {
        let Some(mails) = MailServer::start_for("service", word, tls, &good) else { return };
        let url =
            |word: &str| mails.url(scheme, query).replace("://", &format!("://service:{}@", word.replace('/', "%2F")));
        let mut server = start(&url("another-word"), &good.cert).await;
        server.confidences().note("another-word");
        server.confidences().note(word);
        server.register("user@example.org").await;
        assert_eq!(setback(&server).await, "the mail server refused the connection: 535", "{tls}");
        assert!(mails.seen("mail").is_empty());
        assert!(server.terminate().await.success());
        let right = Setup::default().variable("SMTP_URL", &url(word));
        let server = server.restart_with(right.variable("SSL_CERT_FILE", good.cert.to_str().unwrap())).await;
        until_settled(&server).await;
        let arrived = mails.mails_to("user@example.org");
        assert_eq!(arrived.len(), 1);
        assert_eq!((&arrived[0]["tls"], &arrived[0]["user"]), (&true.into(), &"service".into()), "{tls}");
        assert!(mails.seen("AUTH").iter().all(|auth| auth["tls"] == true), "{tls}: the password went in the clear");
    }
}

#[tokio::test]
async fn a_relay_that_nothing_is_demanded_of_is_spoken_to_as_well_as_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let unknown = Certificate::make(folder.path(), "unknown", "localhost", 30);
    let Some(mails) = MailServer::start_with_tls("starttls", &unknown) else { return };
    let server = Setup::default().variable("SMTP_URL", &mails.url("smtp", "")).start().await;
    server.register("user@example.org").await;
    until_settled(&server).await;
    assert_eq!(mails.mails_to("user@example.org")[0]["tls"], true);
}
