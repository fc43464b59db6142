//! What keeps the service from starting: one line each, with the setting and the next step.

use std::path::Path;

use crate::support::{PASSWORD, SECRET_KEY, Setup, run, said};

/// Runs it, and reads the one line that it complains with.
#[track_caller]
fn complaint(folder: &Path, arguments: &[&str], variables: &[(&str, &str)], parts: &[&str]) {
    let (code, output, errors) = said(&run(folder, arguments, variables));
    assert_eq!((code, output.as_str()), (Some(1), ""), "{errors}");
    let complaints: Vec<_> = errors.lines().filter(|line| line.starts_with("countersign: ")).collect();
    assert_eq!(complaints.len(), 1, "{errors}");
    assert_eq!(errors.lines().last(), Some(complaints[0]), "{errors}");
    assert!(!errors.contains("ERROR"), "told more than once: {errors}");
    for part in parts {
        assert!(complaints[0].contains(part), "{part:?} is missing in {errors}");
    }
}

#[tokio::test]
async fn a_taken_port() {
    let server = Setup::default().embedded().start().await;
    let folder = tempfile::tempdir().unwrap();
    let listen = [("COUNTERSIGN__SERVER__LISTEN", server.address())];
    let cannot = format!("cannot listen on {}; stop what listens there", server.address());
    complaint(folder.path(), &["serve"], &listen, &[&cannot, "set server.listen to another port"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn an_address_that_is_not_of_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let variables =
        [("COUNTERSIGN__SERVER__LISTEN", "192.0.2.1:8080"), ("COUNTERSIGN__SERVER__PUBLIC_URL", "http://localhost")];
    complaint(
        folder.path(),
        &["serve"],
        &variables,
        &["192.0.2.1:8080; set server.listen to an address of this machine"],
    );
}

#[tokio::test]
async fn a_folder_that_is_served_from_already() {
    let server = Setup::default().embedded().start().await;
    let (code, _, errors) = said(&server.run(&["serve"], ""));
    assert_eq!(code, Some(1));
    assert!(errors.contains("another countersign serves from ./data; stop that one, or set data_dir"), "{errors}");
}

#[test]
fn a_data_folder_that_cannot_be_made() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let variables = [("COUNTERSIGN__DATA_DIR", "file/data"), ("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:0")];
    for arguments in [&["serve"][..], &["keys", "list"], &["migrate", "up"]] {
        let parts = ["cannot use the data folder file/data; make it writable", "set data_dir to another"];
        complaint(folder.path(), arguments, &variables, &parts);
    }
}

#[test]
fn a_data_folder_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody may make files there, whoever runs the tests.
    let variables = [("COUNTERSIGN__DATA_DIR", "/proc/self"), ("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:0")];
    complaint(folder.path(), &["serve"], &variables, &["cannot use the data folder /proc/self; make it writable"]);
}

#[test]
fn a_file_that_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("letter.db"), "not by far").unwrap();
    let variables = [("DATABASE_URL", "sqlite://letter.db"), ("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:0")];
    for arguments in [&["serve"][..], &["keys", "list"], &["migrate", "status"]] {
        let parts = ["cannot open the database; see that database.url", "file is not a database"];
        complaint(folder.path(), arguments, &variables, &parts);
        let (_, _, errors) = said(&run(folder.path(), arguments, &variables));
        assert!(!errors.contains("not there yet"), "waiting makes it no database: {errors}");
    }
}

#[test]
fn a_database_that_does_not_answer() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [
        ("DATABASE_URL", "postgres://user:hush-hush@127.0.0.1:1/accounts"),
        ("COUNTERSIGN__SECRET_KEY", "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY="),
        ("COUNTERSIGN__DATABASE__ACQUIRE_TIMEOUT", "100ms"),
        ("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:0"),
    ];
    for arguments in [&["serve"][..], &["keys", "list"], &["migrate", "status"]] {
        complaint(
            folder.path(),
            arguments,
            &variables,
            &["cannot reach the database; see that the server which database.url", "Connection refused"],
        );
        let (_, _, errors) = said(&run(folder.path(), arguments, &variables));
        assert!(!errors.contains("hush-hush"), "{errors}");
    }
}

#[test]
fn a_database_url_that_cannot_be_read_is_named_and_not_told() {
    let folder = tempfile::tempdir().unwrap();
    let url = "postgres://user:hush/hush@127.0.0.1:1/accounts";
    let sound = ("DATABASE_URL", "postgres://user@127.0.0.1:1/accounts");
    let of_replica = ("COUNTERSIGN__DATABASE__REPLICA_URL", url);
    for (variables, setting) in
        [(vec![("DATABASE_URL", url)], "database.url"), (vec![sound, of_replica], "database.replica_url")]
    {
        for arguments in [&["serve"][..], &["doctor"], &["migrate", "up"], &["keys", "list"]] {
            let (code, output, errors) = said(&run(folder.path(), arguments, &variables));
            assert_eq!(code, Some(2), "{output}{errors}");
            assert!(errors.contains(setting) && errors.contains("write / ? # @ : % as %2F"), "{errors}");
            assert!(!format!("{output}{errors}").contains("hush"), "{output}{errors}");
        }
    }
}

#[test]
fn a_settings_file_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, errors) = said(&run(folder.path(), &["--config", "elsewhere.toml", "serve"], &[]));
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains("elsewhere.toml: there is no such file; name one that is there with --config"), "{errors}");
}

#[test]
fn a_settings_file_that_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    for (text, told) in [
        (
            &b"[server]\nlisten = 'a'\nlisten = 'b'\n"[..],
            "line 3 is not valid TOML: duplicate key; docs/countersign.example",
        ),
        (b"\n[server]\nlisten = x\n", "line 3 is not valid TOML: string values must be quoted"),
        (b"\xff", "cannot be read: stream did not contain valid UTF-8; see that it is a file"),
    ] {
        std::fs::write(folder.path().join("countersign.toml"), text).unwrap();
        for command in ["serve", "doctor"] {
            let (code, _, errors) = said(&run(folder.path(), &[command], &[]));
            assert_eq!(code, Some(2), "{errors}");
            assert!(errors.contains(&format!("countersign.toml: {told}")), "{errors}");
        }
    }
}

#[tokio::test]
async fn a_secret_key_that_is_another() {
    let mut server = Setup::default().embedded().start().await;
    server.terminate().await;
    std::fs::write(server.data_dir().join("secret.key"), SECRET_KEY).unwrap();
    let (code, _, errors) = said(&server.run(&["serve"], ""));
    assert_eq!(code, Some(1));
    assert!(errors.contains("set secret_key (or secret.key in the data folder) to that one"), "{errors}");
    assert!(errors.contains("secret_key_previous") && errors.contains("keys rotate --now"), "{errors}");
    let keys = server.run(&["keys", "list"], "");
    assert_eq!(String::from_utf8_lossy(&keys.stdout).lines().count(), 1, "no key was made in its place");
}

#[tokio::test]
async fn a_secret_key_that_is_lost_is_not_made_anew_before_somebody_says_so() {
    let mut server = Setup::default().embedded().start().await;
    server.terminate().await;
    let file = server.data_dir().join("secret.key");
    std::fs::remove_file(&file).unwrap();
    let superuser = ["create-superuser", "--email", "a@example.org", "--first-name", "A", "--last-name", "B"];
    for arguments in [&["serve"][..], &["keys", "list"], &["keys", "rotate"], &["doctor"], &superuser] {
        let (code, output, errors) = said(&server.run(arguments, PASSWORD));
        assert_eq!(code, Some(1), "{output}{errors}");
        let told = output + &errors;
        assert!(told.contains("there is no secret key, and this database was used with one: put it back"), "{told}");
        assert!(told.contains("keys rotate --now") && !file.exists(), "{told}");
    }
    let (code, _, errors) = said(&server.run(&["keys", "rotate", "--now"], ""));
    assert!(code == Some(0) && file.exists(), "{errors}");
    let server = server.restart().await;
    assert!(!server.log().contains("\"ERROR\""), "nobody misses the keys that were given up:\n{}", server.log());
    server.signed_in("anew@example.org").await;
}

#[tokio::test]
async fn a_schema_of_a_newer_version() {
    let mut server = Setup::default().embedded().start().await;
    let later = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m99991231_000001_later', 0)";
    server.rows().await.execute(later).await;
    assert!(server.terminate().await.success());
    for arguments in [&["serve"][..], &["migrate", "up"], &["keys", "list"], &["doctor"]] {
        let (code, output, errors) = said(&server.run(arguments, ""));
        assert_eq!(code, Some(1), "{errors}");
        assert!(
            (output + &errors).contains("cannot make out the schema of the database; if a newer version"),
            "{arguments:?}"
        );
    }
}

#[test]
fn health_of_a_service_that_does_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let listen = [("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:1")];
    complaint(folder.path(), &["health"], &listen, &["nothing answers at 127.0.0.1:1", "the same server.listen?"]);
}

#[test]
fn a_key_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let parts = ["cannot retire unknown: no such key; `countersign keys list` shows which there are"];
    complaint(folder.path(), &["keys", "retire", "unknown"], &[], &parts);
}
