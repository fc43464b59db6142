//! What the binary says to settings and command lines.

use crate::support::{run, said};

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
