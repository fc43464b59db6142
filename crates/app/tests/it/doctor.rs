//! What `doctor` says of a healthy service, and of each thing that is broken.

mod certificate;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::{Certificate, MailServer, Profile, Setup, TestServer, run, said};

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
    let things = ["settings", "templates", "issuer", "secret key", "tls", "database", "redis", "mail"];
    assert_eq!(examined(&output), things.map(|thing| (thing, "ok")), "{output}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn beside_a_service_that_runs_all_is_well() {
    let mails = MailServer::start();
    let mut setup = Setup::default().set("SERVER__PUBLIC_URL", "http://localhost:8080");
    if let Some(mails) = &mails {
        setup = setup.variable("SMTP_URL", &mails.url("smtp", ""));
    }
    let server = setup.start().await;
    let (code, output, errors) = said(&server.run(&["doctor"], ""));
    assert_eq!(code, Some(0), "{output}{errors}");
    let things = ["settings", "templates", "issuer", "secret key", "tls", "database", "migrations", "search", "clock"];
    let things = things.into_iter().chain(["redis", "mail"]).map(|thing| (thing, "ok"));
    assert_eq!(examined(&output), things.collect::<Vec<_>>(), "{output}");
    assert!(output.contains("issuer      http://localhost:8080\n"), "{output}");
    assert!(output.contains("secret key  can be used: it opens the signing keys\n"), "{output}");
    if matches!(Profile::of_this_run(), Profile::Production { .. }) {
        for (what, oldest) in [("database", 15), ("redis", 7)] {
            let (_, version) = line(&output, what).split_once(", version ").unwrap();
            assert!(version.split('.').next().unwrap().parse::<u32>().unwrap() >= oldest, "{output}");
        }
    }
    if let Some(mails) = mails {
        assert!(output.contains("the mail server takes mail from here"), "{output}");
        assert!(mails.seen("MAIL").is_empty(), "nothing is sent");
    }
}

/// The line about it.
fn line<'a>(output: &'a str, what: &str) -> &'a str {
    output.lines().find(|line| line[8..].starts_with(&format!("{what} "))).unwrap_or_else(|| panic!("{output}"))
}

/// PostgreSQL that is not there.
const NOWHERE: [(&str, &str); 3] = [
    ("DATABASE_URL", "postgres://nobody:hidden-word@127.0.0.1:1/none"),
    ("COUNTERSIGN__SECRET_KEY", "Z4Ofbsq7Jsj8oh+8+y5Qm1OTzZKrybRAz/AGNxIjBjA="),
    ("COUNTERSIGN__DATABASE__ACQUIRE_TIMEOUT", "1s"),
];
const PUBLIC: [(&str, &str); 2] = [
    ("COUNTERSIGN__SERVER__PUBLIC_URL", "https://accounts.example.org"),
    ("COUNTERSIGN__SERVER__TRUSTED_PROXIES", "10.0.0.0/8"),
];

#[test]
fn what_is_seldom_meant_so_is_warned_of_with_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let output = |variables: &[(&str, &str)]| said(&run(folder.path(), &["doctor"], variables)).1;
    let alone = output(&NOWHERE);
    let issuer = line(&alone, "issuer");
    assert!(issuer.starts_with("warning ") && issuer.contains("set server.public_url (or tokens.issuer)"), "{issuer}");
    let redis = line(&alone, "redis");
    assert!(redis.starts_with("warning ") && redis.contains("with several nodes set it"), "{redis}");
    assert!(line(&alone, "mail").starts_with("ok "), "{alone}");
    for named in [&PUBLIC[..], &[("COUNTERSIGN__TOKENS__ISSUER", "https://accounts.example.org")]] {
        let issuer = output(&[&NOWHERE[..], named].concat());
        assert_eq!(line(&issuer, "issuer"), "ok      issuer      https://accounts.example.org");
    }
    let (code, public, errors) = said(&run(folder.path(), &["doctor"], &PUBLIC));
    let mail = line(&public, "mail");
    assert!(
        mail.starts_with("warning ") && mail.contains("set mail.smtp_url (SMTP_URL) to your mail server"),
        "{mail}"
    );
    assert!(line(&public, "redis").starts_with("ok ") && line(&public, "issuer").starts_with("ok "), "{public}");
    assert_eq!(code, Some(0), "a warning is no failure: {errors}");
    let open =
        [("COUNTERSIGN__SERVER__LISTEN", "0.0.0.0:8080"), ("COUNTERSIGN__SERVER__PUBLIC_URL", "http://localhost")];
    let open = output(&open);
    let tls = line(&open, "tls");
    assert!(tls.starts_with("warning ") && tls.contains("set server.trusted_proxies"), "{tls}");
}

#[test]
fn what_would_leave_the_machine_in_the_clear_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let checked = |variables: &[(&str, &str)]| said(&run(folder.path(), &["config", "check"], variables)).1;
    for (variable, open, sealed) in [
        ("DATABASE_URL", "postgres://u@db.example/d", "postgres://u@db.example/d?sslmode=verify-full"),
        (
            "COUNTERSIGN__DATABASE__REPLICA_URL",
            "postgres://u@db.example/d?sslmode=prefer",
            "postgres://u@db.example/d?sslmode=require",
        ),
        ("REDIS_URL", "redis://cache.example", "rediss://cache.example"),
    ] {
        let output = checked(&[&NOWHERE[..], &[(variable, open)]].concat());
        assert!(output.starts_with("The settings can be used.\n"), "{output}");
        assert!(output.contains("Warning: the database, its replica or Redis is on another machine"), "{output}");
        let output = checked(&[&NOWHERE[..], &[(variable, sealed)]].concat());
        assert!(!output.contains("on another machine"), "{output}");
    }
    let remote =
        [&NOWHERE[..], &[("REDIS_URL", "redis://10.255.255.1"), ("COUNTERSIGN__REDIS__TIMEOUT", "10ms")]].concat();
    let (_, examined, _) = said(&run(folder.path(), &["doctor"], &remote));
    let settings = line(&examined, "settings");
    assert!(settings.starts_with("warning ") && settings.contains("rediss://"), "{settings}");
}

/// The rows of the table of exit codes that speak of it.
#[test]
fn its_exit_codes_are_those_of_the_documentation() {
    let folder = tempfile::tempdir().unwrap();
    let operations = include_str!("../../../../docs/operations.md");
    let (_, table) = operations.split_once("| Exit code |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let documented: Vec<_> = rows.map(|row| row.split('|').map(str::trim).nth(1).unwrap().to_owned()).collect();
    assert_eq!(documented, ["0", "1", "2"]);
    let told = |code: &str| {
        let row = table.lines().find(|line| line.starts_with(&format!("| {code} |"))).unwrap();
        row.split_once("`doctor`: ").unwrap_or_else(|| panic!("{row}")).1.trim_end_matches(" |").to_owned()
    };
    let unusable = [("COUNTERSIGN__SERVER__LISTEN", "here")];
    for (meaning, variables) in [
        ("nothing failed, though it may warn", &PUBLIC[..]),
        ("something is not as it should be", &NOWHERE),
        ("nothing was examined", &unusable),
    ] {
        let (code, output, errors) = said(&run(folder.path(), &["doctor"], variables));
        assert_eq!(told(&code.unwrap().to_string()), meaning, "{output}{errors}");
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
    assert_alone_fails(folder.path(), &templates, "templates", &["mend these files", "reset_password.txt"]);
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
fn what_is_wrong_with_templates_of_mails_and_pages_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (mails, pages) = (path("mails"), path("pages"));
    std::fs::create_dir(&mails).unwrap();
    std::fs::create_dir(&pages).unwrap();
    std::fs::write(mails.join("reset_password.txt"), "Subject: x\n{{ tokne }} {{ lnik }}").unwrap();
    std::fs::write(mails.join("verify_address.txt"), "Hello").unwrap();
    std::fs::write(pages.join("front.html"), "{{ prodcut }}").unwrap();
    let templates = [("COUNTERSIGN__MAIL__TEMPLATES_DIR", "mails"), ("COUNTERSIGN__PAGES__TEMPLATES_DIR", "pages")];
    for command in [&["serve"][..], &["config", "check"], &["doctor"]] {
        let (_, output, errors) = said(&run(folder.path(), command, &templates));
        let told = output + &errors;
        for part in [
            "(4 problems):",
            "reset_password.txt, line 2: no mail of its kind has lnik",
            "reset_password.txt, line 2: no mail of its kind has tokne",
            "verify_address.txt must begin with a line",
            "front.html, line 1: prodcut is not known here",
        ] {
            assert!(told.contains(part), "{part}\n{told}");
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing was made");
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
fn a_database_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let parts = ["see that the server which database.url names runs", "Connection refused"];
    assert_alone_fails(folder.path(), &NOWHERE, "database", &parts);
    let (_, output, errors) = said(&run(folder.path(), &["doctor"], &NOWHERE));
    assert!(!format!("{output}{errors}").contains("hidden-word"), "{output}{errors}");
    assert_eq!(line(&output, "database").matches("Connection refused").count(), 1, "{output}");
    assert!(line(&output, "secret key").contains("is not known: the database cannot be read"), "{output}");
    for what in ["migrations", "search", "clock"] {
        assert!(
            line(&output, what).starts_with("skipped ") && output.contains("not checked: the database"),
            "{output}"
        );
    }
}

#[tokio::test]
async fn a_secret_key_that_opens_no_signing_key_is_told_as_by_a_start() {
    let mut server = Setup::default().start().await;
    server.terminate().await;
    let another = "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=";
    let former = server.secret_key();
    let setup = Setup::default().set("SECRET_KEY", another);
    let (code, output, _) = said(&server.run_with(&["doctor"], &setup));
    assert_eq!(code, Some(1), "{output}");
    let failed: Vec<_> = output.lines().filter(|line| line.starts_with("failed")).collect();
    let (_, told) = failed[0].split_once("secret key  ").unwrap();
    assert_eq!(failed.len(), 1, "{output}");
    assert!(
        told.contains("set secret_key (or secret.key in the data folder") && told.contains("does not open"),
        "{told}"
    );
    let (_, _, errors) = said(&server.run_with(&["serve"], &setup));
    let words = told.split(": the secret key").next().unwrap();
    assert!(errors.contains(words), "{words}\n{errors}");

    let setup = setup.set("SECRET_KEY_PREVIOUS", &former);
    for _ in 0..2 {
        let (_, output, _) = said(&server.run_with(&["doctor"], &setup));
        assert!(line(&output, "secret key").contains("which the next start seals anew"), "it only looks: {output}");
    }
}

#[tokio::test]
async fn a_secret_key_that_is_lost_is_not_made_anew_and_told() {
    let mut server = Setup::default().embedded().start().await;
    server.terminate().await;
    let file = server.data_dir().join("secret.key");
    std::fs::remove_file(&file).unwrap();
    let (code, output, _) = said(&server.run(&["doctor"], ""));
    assert_eq!(code, Some(1), "{output}");
    let told = line(&output, "secret key");
    assert!(
        told.starts_with("failed") && told.contains("keys rotate --now") && told.contains("no secret key"),
        "{told}"
    );
    assert!(!file.exists());
}

#[tokio::test]
async fn a_schema_of_another_version() {
    let server = TestServer::start().await;
    let last = "DELETE FROM seaql_migrations WHERE version = (SELECT MAX(version) FROM seaql_migrations)";
    assert_eq!(server.rows().await.execute(last).await, 1);
    let (code, output, _) = said(&server.run(&["doctor"], ""));
    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("1 of ") && output.contains("the next start applies them"), "{output}");
    assert_eq!(line(&output, "search"), "skipped search      not checked: migrations are missing");
    assert!(line(&output, "secret key").ends_with("is not known: migrations are missing"), "{output}");
    assert!(line(&output, "clock").starts_with("ok "), "{output}");
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
    let told = line(&output, "clock");
    assert!(told.starts_with("failed") && told.contains("by NTP"), "{output}");
    // In whole seconds, less what passes until it is asked.
    assert!(told.contains("by 3600 s") || told.contains("by 3599 s"), "{output}");
    // It takes no tables to tell.
    server.rows().await.execute("DELETE FROM seaql_migrations").await;
    let (_, output, _) = said(&server.run(&["doctor"], ""));
    assert!(line(&output, "clock").starts_with("failed"), "{output}");
}

#[test]
fn a_redis_that_does_not_answer() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [("REDIS_URL", "redis://:hidden-word@127.0.0.1:1")];
    let parts =
        ["see that the servers which redis.url names run", "Redis is unavailable: no connection: Connection refused"];
    assert_alone_fails(folder.path(), &variables, "redis", &parts);
    let (_, output, errors) = said(&run(folder.path(), &["doctor"], &variables));
    assert_eq!(output.matches("Redis is unavailable").count(), 1, "{output}");
    assert!(!format!("{output}{errors}").contains("hidden-word"), "{output}{errors}");
}

#[test]
fn a_mail_server_that_is_away_or_wants_another_password() {
    let folder = tempfile::tempdir().unwrap();
    let away = [("SMTP_URL", "smtp://127.0.0.1:1")];
    let parts = ["see mail.smtp_url", "no connection to the mail server: Connection refused"];
    assert_alone_fails(folder.path(), &away, "mail", &parts);
    let (_, output, _) = said(&run(folder.path(), &["doctor"], &away));
    assert!(!output.contains("not sent yet"), "{output}");
    let good = Certificate::make(folder.path(), "good", "localhost", 30);
    let Some(mails) = MailServer::start_for("service", "wren-under-the-eaves", "starttls", &good) else { return };
    let url = mails.url("smtp", "?tls=required").replace("://", "://service:hidden-word@");
    let refused = [("SMTP_URL", url.as_str()), ("SSL_CERT_FILE", good.cert.to_str().unwrap())];
    assert_alone_fails(folder.path(), &refused, "mail", &["the mail server refused the connection: 535"]);
}
