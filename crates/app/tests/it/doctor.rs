//! What `doctor` says of a healthy service, and of each thing that is broken.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::{Certificate, MailServer, Setup, TestServer, run, said};

/// What a run says of each thing, in its order.
fn examined(output: &str) -> Vec<(&str, &str)> {
    output.lines().map(|line| (line[8..20].trim(), line[..8].trim())).collect()
}

/// Runs it with these variables; the line about `what` says that it failed and has all of `parts`, and no other failed.
#[track_caller]
fn assert_alone_fails(folder: &Path, variables: &[(&str, &str)], what: &str, parts: &[&str]) {
    let (code, output, errors) = said(&run(folder, &["doctor"], variables));
    assert_eq!(code, Some(1), "{output}{errors}");
    let failed: Vec<_> = output.lines().filter(|line| line.starts_with("failed")).collect();
    assert_eq!(failed.len(), 1, "{output}{errors}");
    assert!(failed[0].starts_with(&format!("failed  {what} ")), "{output}");
    for part in parts {
        // What is told of several things stands on lines below.
        assert!(output.contains(part), "{part:?} is missing in {output}");
    }
    assert!(errors.contains("countersign: 1 of "), "{errors}");
}

#[test]
fn before_the_first_start_all_is_well_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let (code, output, errors) = said(&run(folder.path(), &["doctor"], &[]));
    assert_eq!(code, Some(0), "{output}{errors}");
    let things = ["settings", "templates", "secret key", "tls", "database", "redis", "mail"];
    assert_eq!(examined(&output), things.map(|thing| (thing, "ok")), "{output}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn beside_a_service_that_runs_all_is_well() {
    let mails = MailServer::start();
    let mut setup = Setup::default();
    if let Some(mails) = &mails {
        setup = setup.variable("SMTP_URL", &mails.url("smtp", ""));
    }
    let server = setup.start().await;
    let (code, output, errors) = said(&server.run(&["doctor"], ""));
    assert_eq!(code, Some(0), "{output}{errors}");
    let things =
        ["settings", "templates", "secret key", "tls", "database", "migrations", "search", "clock", "redis", "mail"];
    assert_eq!(examined(&output), things.map(|thing| (thing, "ok")), "{output}");
    if let Some(mails) = mails {
        assert!(output.contains("the mail server takes mail from here"), "{output}");
        assert!(mails.seen("MAIL").is_empty(), "nothing is sent");
    }
}

#[test]
fn settings_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let (code, output, errors) = said(&run(folder.path(), &["doctor"], &[("COUNTERSIGN__SERVER__LISTEN", "here")]));
    assert_eq!((code, output.as_str()), (Some(2), ""));
    assert!(errors.contains("server.listen"), "{errors}");
}

#[test]
fn a_template_that_cannot_be_rendered() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("reset_password.txt"), "Subject: x\n{{ tokne }}").unwrap();
    let templates = [("COUNTERSIGN__MAIL__TEMPLATES_DIR", ".")];
    assert_alone_fails(folder.path(), &templates, "templates", &["reset_password.txt"]);
}

#[test]
fn a_template_of_the_pages_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("front.html"), "\n{{ prodcut }}").unwrap();
    std::fs::write(folder.path().join("fornt.html"), "").unwrap();
    std::fs::write(folder.path().join("texts.json"), r#"{"x": 1, "front": {"titel": ""}}"#).unwrap();
    let templates = [("COUNTERSIGN__PAGES__TEMPLATES_DIR", ".")];
    let at = format!("pages.templates_dir: {}: ", folder.path().display());
    let told = [
        format!("{at}fornt.html is no template"),
        format!("{at}texts.json, line 1: front.titel is no text"),
        format!("{at}texts.json, line 1: x is no text"),
        format!("{at}front.html, line 2: prodcut is not known here"),
    ];
    assert_alone_fails(folder.path(), &templates, "templates", &told.each_ref().map(String::as_str));
    for command in [&["serve"][..], &["config", "check"]] {
        let (code, _, errors) = said(&run(folder.path(), command, &templates));
        assert_eq!(code, Some(2), "{command:?}: {errors}");
        assert!(told.iter().all(|told| errors.contains(told)), "{errors}");
        assert!(errors.contains("the settings cannot be used (4 problems):"), "{errors}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "nothing was made");
}

#[test]
fn a_secret_key_that_is_damaged_or_open_to_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret.key");
    std::fs::write(&file, "no key").unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    assert_alone_fails(folder.path(), &[("COUNTERSIGN__DATA_DIR", ".")], "secret key", &["secret.key"]);
    std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    assert_alone_fails(folder.path(), &[("COUNTERSIGN__DATA_DIR", ".")], "secret key", &["chmod"]);
}

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
fn a_database_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [
        ("DATABASE_URL", "postgres://nobody:hidden-word@127.0.0.1:1/none"),
        ("COUNTERSIGN__SECRET_KEY", "Z4Ofbsq7Jsj8oh+8+y5Qm1OTzZKrybRAz/AGNxIjBjA="),
        ("COUNTERSIGN__DATABASE__ACQUIRE_TIMEOUT", "1s"),
    ];
    assert_alone_fails(folder.path(), &variables, "database", &["see that the server which database.url names runs"]);
    let (_, output, errors) = said(&run(folder.path(), &["doctor"], &variables));
    assert!(!format!("{output}{errors}").contains("hidden-word"), "{output}{errors}");
}

#[tokio::test]
async fn a_schema_of_another_version() {
    let server = TestServer::start().await;
    let last = "DELETE FROM seaql_migrations WHERE version = (SELECT MAX(version) FROM seaql_migrations)";
    assert_eq!(server.rows().await.execute(last).await, 1);
    let (code, output, _) = said(&server.run(&["doctor"], ""));
    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("1 of ") && output.contains("the next start applies them"), "{output}");
    let by_hand = Setup::default().set("DATABASE__MIGRATE_ON_START", "false");
    let (code, output, _) = said(&server.run_with(&["doctor"], &by_hand));
    assert_eq!(code, Some(1), "{output}");
    let line = output.lines().find(|line| line.starts_with("failed")).unwrap();
    assert!(line.contains("migrations") && line.contains("run `countersign migrate up`"), "{output}");
}

#[tokio::test]
async fn a_clock_that_is_an_hour_off() {
    let server = TestServer::start().await;
    if !server.rows().await.put_clock_an_hour_ahead().await {
        return;
    }
    let (code, output, _) = said(&server.run(&["doctor"], ""));
    assert_eq!(code, Some(1), "{output}");
    let line = output.lines().find(|line| line.starts_with("failed")).unwrap();
    assert!(line.contains("clock") && line.contains("by NTP"), "{output}");
    // In whole seconds, less what passes until it is asked.
    assert!(line.contains("by 3600 s") || line.contains("by 3599 s"), "{output}");
}

#[test]
fn a_redis_that_does_not_answer() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [("REDIS_URL", "redis://:hidden-word@127.0.0.1:1")];
    assert_alone_fails(folder.path(), &variables, "redis", &["see that the servers which redis.url names run"]);
    let (_, output, errors) = said(&run(folder.path(), &["doctor"], &variables));
    assert!(!format!("{output}{errors}").contains("hidden-word"), "{output}{errors}");
}

#[test]
fn a_mail_server_that_is_away_or_wants_another_password() {
    let folder = tempfile::tempdir().unwrap();
    let away = [("SMTP_URL", "smtp://127.0.0.1:1")];
    assert_alone_fails(folder.path(), &away, "mail", &["no connection to the mail server", "see mail.smtp_url"]);
    let good = Certificate::make(folder.path(), "good", "localhost", 30);
    let Some(mails) = MailServer::start_for("service", "wren-under-the-eaves", "starttls", &good) else { return };
    let url = mails.url("smtp", "?tls=required").replace("://", "://service:hidden-word@");
    let refused = [("SMTP_URL", url.as_str()), ("SSL_CERT_FILE", good.cert.to_str().unwrap())];
    assert_alone_fails(folder.path(), &refused, "mail", &["the mail server refused the connection: 535"]);
}
