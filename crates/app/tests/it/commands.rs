//! What the commands beside `serve` do, also where nothing was served yet.

use std::path::Path;

use crate::support::{PASSWORD, Setup, TestServer, run, run_with_input, said};

fn lines(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let (code, output, errors) = said(&run(folder, arguments, &[]));
    assert_eq!(code, Some(0), "{arguments:?}: {errors}");
    output.lines().map(str::to_owned).collect()
}

fn count(lines: &[String], what: &str) -> usize {
    lines.iter().filter(|line| line.starts_with(what)).count()
}

#[test]
fn migrations_go_up_and_down_and_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let all = lines(folder, &["migrate", "up"]);
    assert!(all.len() > 3 && count(&all, "applied ") == all.len(), "{all:?}");
    assert_eq!(lines(folder, &["migrate", "status"]), all);
    assert!(lines(folder, &["migrate", "up"])[0].starts_with("Nothing to do"));

    let newest = all.last().unwrap();
    assert_eq!(lines(folder, &["migrate", "down", "--yes"]), [newest.replace("applied", "removed")]);
    assert_eq!(count(&lines(folder, &["migrate", "down", "--yes", "--steps", "2"]), "removed "), 2);
    let status = lines(folder, &["migrate", "status"]);
    assert_eq!((count(&status, "applied "), count(&status, "pending ")), (all.len() - 3, 3));
    assert_eq!(lines(folder, &["migrate", "up"]), all[all.len() - 3..]);
    assert_eq!(said(&run(folder, &["migrate", "down", "--yes", "--steps", "0"], &[])).0, Some(2));
}

#[test]
fn looking_at_a_schema_that_is_not_there_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["migrate", "status"][..], &["migrate", "down", "--yes"]] {
        assert!(lines(folder.path(), arguments)[0].starts_with("There is no database yet."), "{arguments:?}");
    }
    let elsewhere = [("DATABASE_URL", "sqlite://elsewhere/accounts.db?mode=rwc")];
    let (_, output, _) = said(&run(folder.path(), &["migrate", "status"], &elsewhere));
    assert!(output.starts_with("There is no database yet."), "{output}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn data_is_not_deleted_under_a_server_nor_by_a_slip() {
    let server = TestServer::start().await;
    let account = server.register("kept@example.org").await;
    let (code, output, errors) = said(&server.run(&["migrate", "down", "--steps", "99"], ""));
    assert_eq!((code, output.as_str()), (Some(2), ""));
    assert!(errors.contains("say it again with --yes"), "{errors}");
    let (code, output, errors) = said(&server.run(&["migrate", "down", "--steps", "99", "--yes"], ""));
    assert_eq!((code, output.as_str()), (Some(1), ""));
    assert!(errors.contains("; stop it first"), "{errors}");
    server.login(&account).await;
}

#[test]
fn keys_can_be_looked_at_before_the_first_start() {
    let folder = tempfile::tempdir().unwrap();
    let listed = lines(folder.path(), &["keys", "list"]);
    assert_eq!(listed, ["There is no key yet. The first start of `countersign serve` makes one."]);
}

#[tokio::test]
async fn the_first_superuser_can_be_there_before_the_first_start() {
    let folder = tempfile::tempdir().unwrap();
    let output = run_with_input(folder.path(), &SUPERUSER, &[], "a long enough phrase\n");
    let (code, output, errors) = said(&output);
    assert_eq!(code, Some(0), "{errors}");
    assert!(output.starts_with("Created superuser "), "{output}");
    let file = folder.path().join("data/countersign.db");
    assert!(output.contains(&format!(" in SQLite {}.\nIt has just made that database.", file.display())), "{output}");

    let database = format!("sqlite://{}/data/countersign.db", folder.path().display());
    let server = Setup::default().variable("DATABASE_URL", &database).start().await;
    let answer = server.sign_in("root@example.org", "a long enough phrase").send().await.expect(200);
    server.get("/admin/users").bearer(&answer.text_at("/access_token")).send().await.expect(200);
}

#[tokio::test]
async fn a_superuser_of_a_running_service_is_told_in_which_database_it_is() {
    let server = TestServer::start().await;
    let (_, output, _) = said(&server.run(&SUPERUSER, "a long enough phrase\n"));
    let place = server.output().lines().find_map(|line| line.strip_prefix("  data     ").map(str::to_owned)).unwrap();
    assert!(output.ends_with(&format!(" in {place}.\n")), "{output}");
    assert!(place.starts_with("SQLite /") || place.starts_with("PostgreSQL "), "{place}");
}

#[test]
fn where_migrations_are_left_to_the_command_the_others_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let by_hand =
        [("COUNTERSIGN__DATABASE__MIGRATE_ON_START", "false"), ("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:0")];
    for arguments in [&SUPERUSER[..], &["keys", "list"], &["keys", "rotate"], &["serve"]] {
        let (code, _, errors) = said(&run_with_input(folder.path(), arguments, &by_hand, "a long enough phrase\n"));
        assert_eq!(code, Some(1), "{arguments:?}");
        assert!(errors.contains("run `countersign migrate up`"), "{errors}");
    }
    let (_, schema, _) = said(&run(folder.path(), &["migrate", "status"], &by_hand));
    assert!(schema.lines().count() > 5 && schema.lines().all(|line| line.starts_with("pending ")), "{schema}");
    assert!(!lines(folder.path(), &["migrate", "up"]).is_empty());
    assert_eq!(said(&run(folder.path(), &["keys", "list"], &by_hand)).0, Some(0));
}

const SUPERUSER: [&str; 7] =
    ["create-superuser", "--email", "root@example.org", "--first-name", "Firstname", "--last-name", "Lastname"];

#[test]
fn a_superusers_password_is_judged_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    for password in ["short", "password123"] {
        let output = run_with_input(folder.path(), &SUPERUSER, &[], &format!("{password}\n"));
        let (code, _, errors) = said(&output);
        assert_eq!(code, Some(1));
        assert!(!errors.contains(password), "{errors}");
    }
}

#[test]
fn a_superuser_with_the_address_of_an_account_is_told_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let create = || said(&run_with_input(folder.path(), &SUPERUSER, &[], &format!("{PASSWORD}\n")));
    assert_eq!(create().0, Some(0));
    let (code, output, errors) = create();
    assert_eq!((code, output.as_str()), (Some(1), ""));
    assert!(errors.contains("--email: another account has this e-mail address; give another, or have a superuser"));
}

#[tokio::test]
async fn keys_are_listed_rotated_and_retired() {
    let server = TestServer::start().await;
    let list = || said(&server.run(&["keys", "list"], "")).1;
    assert_eq!(list().matches(" active ").count(), 1, "{}", list());
    let (code, output, errors) = said(&server.run(&["keys", "rotate"], ""));
    assert_eq!(code, Some(0), "{errors}");
    assert!(output.contains("is announced"), "{output}");
    assert_eq!(list().matches(" announced ").count(), 1);
    assert_eq!(said(&server.run(&["keys", "rotate", "--now"], "")).0, Some(0));
    let keys = list();
    assert_eq!((keys.matches(" active ").count(), keys.matches(" refused ").count()), (1, 2), "{keys}");
    assert_eq!(said(&server.run(&["keys", "retire", "no-such-key"], "")).0, Some(1));
}
