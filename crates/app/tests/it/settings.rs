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
    let (code, output, _) = said(&run(folder.path(), &["config", "show"], &[("SMTP_URL", "smtps://u:hush@h")]));
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
    for command in
        ["serve", "migrate", "config", "create-superuser", "keys", "doctor", "openapi", "health", "Exit codes"]
    {
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

/// What the service promises where nothing is set; each stands in a document that others rely on.
const DEFAULTS: &[(&str, &str)] = &[
    ("database.url", "(none)"),
    ("redis.url", "(none)"),
    ("mail.smtp_url", "(none)"),
    ("data_dir", "./data"),
    ("dev", "false"),
    ("server.listen", "127.0.0.1:8080"),
    ("server.public_url", "(none)"),
    ("server.trusted_proxies", "(none)"),
    ("server.tls_cert", "(none)"),
    ("server.tls_key", "(none)"),
    ("server.cors_origins", "(none)"),
    ("server.metrics_listen", "127.0.0.1:9090"),
    ("database.migrate_on_start", "true"),
    ("registration.mode", "open"),
    ("registration.conceal_existing", "false"),
    ("password.bcrypt_cost", "12"),
    ("tokens.algorithm", "ES256"),
    ("tokens.issuer", "(none)"),
    ("tokens.audience", "countersign"),
    ("tokens.access_ttl", "15m"),
    ("tokens.refresh_ttl", "30d"),
    ("tokens.session_ttl", "180d"),
    ("tokens.refresh_reuse_window", "30s"),
    ("tokens.reset_ttl", "1h"),
    ("tokens.verification_ttl", "48h"),
    ("tokens.invitation_ttl", "7d"),
    ("tokens.max_teams", "50"),
    ("teams.add_existing", "true"),
    ("teams.per_user", "100"),
    ("sessions.per_user", "100"),
    ("limits.login_per_minute_per_ip", "10"),
    ("limits.login_per_hour_per_account", "20"),
    ("limits.register_per_hour_per_ip", "20"),
    ("limits.reset_per_hour_per_ip", "20"),
    ("limits.reset_per_hour_per_address", "3"),
    ("limits.token_failures_per_minute_per_ip", "30"),
    ("limits.invite_per_hour_per_team", "50"),
    ("limits.invite_per_day_per_user", "200"),
    ("limits.invite_per_day_per_unverified_user", "5"),
    ("limits.flood_per_second_per_ip", "50"),
    ("database.acquire_timeout", "2s"),
    ("database.statement_timeout", "5s"),
    ("redis.timeout", "100ms"),
    ("retention.unverified_accounts", "30d"),
    ("log.format", "(none)"),
];

#[test]
fn what_is_not_set_is_as_it_was_promised() {
    let folder = tempfile::tempdir().unwrap();
    let (_, shown, _) = said(&run(folder.path(), &["config", "show"], &[]));
    for (name, promised) in DEFAULTS {
        let line = shown.lines().find(|line| line.split(' ').next() == Some(name)).unwrap_or_else(|| panic!("{name}"));
        let value = line.split_once(" = ").and_then(|(_, rest)| rest.strip_suffix("  # default"));
        assert_eq!(value.map(|value| value.trim_matches('"')), Some(*promised), "{name}");
    }
}
