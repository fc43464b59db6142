//! What the binary says to settings and command lines.

use crate::support::{TestServer, run};

fn said(output: &std::process::Output) -> (Option<i32>, String, String) {
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn settings_that_cannot_be_used_end_the_start_with_code_2_and_name_every_problem() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [
        ("COUNTERSIGN__SERVER__LISTEN", "0.0.0.0:0"),
        ("COUNTERSIGN__DEV", "true"),
        ("COUNTERSIGN__PASSWORD__BCRYPT_KOST", "12"),
        ("COUNTERSIGN__SECRET_KEY", "secret"),
    ];
    for arguments in [&["serve"][..], &[], &["config", "check"], &["keys", "list"]] {
        let (code, output, errors) = said(&run(folder.path(), arguments, &variables));
        assert_eq!(code, Some(2), "{errors}");
        for name in ["COUNTERSIGN__DEV", "did you mean COUNTERSIGN__PASSWORD__BCRYPT_COST?", "PUBLIC_URL", "secret_key"]
        {
            assert!(errors.contains(name), "{name} is missing in {errors}");
        }
        assert!(output.is_empty(), "{output}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[test]
fn config_check_and_show_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("countersign.toml"), "[tokens]\naudience = \"ours\"\n").unwrap();
    let (code, output, _) = said(&run(folder.path(), &["config", "check"], &[]));
    assert_eq!((code, output.trim()), (Some(0), "The settings can be used."));
    let (code, output, _) = said(&run(folder.path(), &["config", "show"], &[("SMTP_URL", "smtp://u:hush@h")]));
    assert_eq!(code, Some(0));
    assert!(output.contains("\"ours\"  # file countersign.toml"), "{output}");
    assert!(output.contains("(hidden)  # environment SMTP_URL") && !output.contains("hush"), "{output}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_settings_file_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, errors) = said(&run(folder.path(), &["--config", "elsewhere.toml", "config", "check"], &[]));
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains("elsewhere.toml"), "{errors}");
}

#[test]
fn a_command_line_that_cannot_be_read_ends_with_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, errors) = said(&run(folder.path(), &["sevre"], &[]));
    assert_eq!(code, Some(2));
    assert!(errors.contains("serve"), "{errors}");
}

#[test]
fn help_names_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let (code, output, _) = said(&run(folder.path(), &["--help"], &[]));
    assert_eq!(code, Some(0));
    for command in ["serve", "migrate", "config", "create-superuser", "keys", "openapi", "health", "Exit codes"] {
        assert!(output.contains(command), "{command} is missing in {output}");
    }
}

#[test]
fn openapi_prints_a_document() {
    let folder = tempfile::tempdir().unwrap();
    let (code, output, _) = said(&run(folder.path(), &["openapi"], &[]));
    assert_eq!(code, Some(0));
    let document: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert!(document["paths"]["/auth/login"]["post"].is_object());
}

#[test]
fn migrations_go_up_and_down_and_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let status = |arguments: &[&str]| {
        let (code, output, errors) = said(&run(folder.path(), arguments, &[]));
        assert_eq!(code, Some(0), "{errors}");
        let applied = output.lines().filter(|line| line.starts_with("applied")).count();
        (applied, output.lines().count() - applied)
    };
    let (none, all) = status(&["migrate", "status"]);
    assert!(none == 0 && all > 3);
    assert_eq!(status(&["migrate", "up"]), (all, 0));
    assert_eq!(status(&["migrate", "down"]), (all - 1, 1));
    assert_eq!(status(&["migrate", "down", "--steps", "2"]), (all - 3, 3));
    assert_eq!(status(&["migrate", "up"]), (all, 0));
}

#[test]
fn a_superusers_password_is_judged_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["create-superuser", "--email", "root@example.org", "--first-name", "First", "--last-name", "Last"];
    assert_eq!(run(folder.path(), &["migrate", "up"], &[]).status.code(), Some(0));
    for password in ["short", "password123"] {
        let output = crate::support::run_with_input(folder.path(), &arguments, &[], &format!("{password}\n"));
        let (code, _, errors) = said(&output);
        assert_eq!(code, Some(1));
        assert!(!errors.contains(password), "{errors}");
    }
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
