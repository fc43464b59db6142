use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::settings::catalogue::{PREFIX, Setting, catalogue};

pub(in crate::settings) fn read(file: &str, variables: &[(&str, &str)]) -> Result<Loaded, SettingsError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("countersign.toml");
    std::fs::write(&path, file).unwrap();
    let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    load_from(Some(&path), &environment)
}

fn settings(variables: &[(&str, &str)]) -> Settings {
    read("", variables).unwrap().settings
}

fn complaint(file: &str, variables: &[(&str, &str)]) -> String {
    read(file, variables).unwrap_err().to_string()
}

#[test]
fn defaults_are_those_of_the_policy() {
    let read = settings(&[]);
    assert_eq!(format!("{:?}", read.policy), format!("{:?}", Policy::default()));
    assert_eq!(read.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(read.server.public_url_at(read.server.listen).to_string(), "http://127.0.0.1:8080");
}

#[test]
fn every_setting_of_the_catalogue_is_read() {
    let layers = Layers::read(None, &Environment::default(), &mut Vec::new());
    let mut problems = Vec::new();
    let mut reader = Reader::new(&layers, &mut problems);
    Settings::read(&mut reader);
    let all: BTreeSet<_> = catalogue().map(|setting| setting.key).collect();
    assert_eq!(reader.ranges_read().keys().copied().collect::<BTreeSet<_>>(), all);
    assert_eq!(all.len(), catalogue().count(), "no setting stands twice in the catalogue");
}

#[test]
fn the_environment_goes_before_the_file() {
    let file = "[tokens]\naccess_ttl = \"5m\"\nmax_teams = 7\n[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]";
    let read = read(file, &[("COUNTERSIGN__TOKENS__ACCESS_TTL", "20m")]).unwrap().settings;
    assert_eq!(read.policy.access_ttl, time::Duration::minutes(20));
    assert_eq!(read.policy.max_teams_in_token, 7);
    assert_eq!(read.server.trusted_proxies.len(), 2);
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    assert!(settings(&[("REDIS_URL", ""), ("COUNTERSIGN__SERVER__PUBLIC_URL", "")]).storage.redis_url.is_none());
}

#[test]
fn unknown_settings_are_refused_with_a_suggestion() {
    let text =
        complaint("[server]\nlissten = \"127.0.0.1:1\"\n[nonsense]\nx = 1", &[("COUNTERSIGN__LOG__FORMATT", "json")]);
    assert!(text.contains("did you mean server.listen?"), "{text}");
    assert!(text.contains("nonsense"), "{text}");
    assert!(text.contains("did you mean COUNTERSIGN__LOG__FORMAT?"), "{text}");
}

#[test]
fn a_section_that_is_misspelt_or_forgotten_is_suggested() {
    for (text, said) in [
        ("[mial]\nfrom = 'x'", "there is no such section; did you mean [mail]?"),
        ("[zzz]\nfrom = 'x'", "there is no such section; docs/countersign.example.toml has every one"),
        ("listen = '127.0.0.1:1'", "did you mean server.listen?"),
        ("[server]\nsmtp_url = 'x'", "did you mean mail.smtp_url?"),
        ("[log]\nfromat = 'x'", "did you mean log.format?"),
    ] {
        let text = complaint(text, &[]);
        assert!(text.contains(said), "{text}");
    }
    assert!(complaint("", &[("COUNTERSIGN__LISTEN", "x")]).contains("did you mean COUNTERSIGN__SERVER__LISTEN?"));
}

#[test]
fn a_variable_in_the_wrong_case_is_refused() {
    let text = complaint("", &[("COUNTERSIGN__server__listen", "127.0.0.1:1")]);
    assert!(text.contains("did you mean COUNTERSIGN__SERVER__LISTEN?"), "{text}");
}

#[test]
fn one_underscore_for_two_is_refused_unless_it_is_what_kubernetes_sets() {
    for name in ["COUNTERSIGN_SERVER__LISTEN", "COUNTERSIGN_SERVER_LISTEN", "COUNTERSIGN__SERVER_LISTEN"] {
        let text = complaint("", &[(name, "127.0.0.1:1")]);
        assert!(text.contains(&format!("{name}: ")), "{text}");
        assert!(text.contains("did you mean COUNTERSIGN__SERVER__LISTEN?"), "{text}");
    }
    assert!(complaint("", &[("COUNTERSIGN_DEV", "true")]).contains("did you mean COUNTERSIGN__DEV?"));
    assert!(complaint("", &[("COUNTERSIGN_SECRET_KEY_FILE", "x")]).contains("COUNTERSIGN__SECRET_KEY_FILE?"));
    let injected = [
        ("COUNTERSIGN_SERVICE_HOST", "10.0.0.1"),
        ("COUNTERSIGN_PORT", "tcp://10.0.0.1:8080"),
        ("COUNTERSIGN_PORT_8080_TCP_ADDR", "10.0.0.1"),
    ];
    assert_eq!(read("", &injected).unwrap().warnings, [""; 0]);
}

#[test]
fn a_setting_without_the_prefix_is_warned_of() {
    let others = [("DEV", "true"), ("SECRET_KEY", "x"), ("SERVER__LISSTEN", "x"), ("DATABASE_URL", "sqlite::memory:")];
    assert_eq!(read("", &others).unwrap().warnings, [""; 0]);
    let loaded = read("", &[("SERVER__LISTEN", "127.0.0.1:1"), ("MAIL__SMTP_URL_FILE", "/x")]).unwrap();
    assert_eq!(loaded.settings.server.listen.port(), 8080);
    let warnings = [
        "SERVER__LISTEN: is not read; the setting is COUNTERSIGN__SERVER__LISTEN",
        "MAIL__SMTP_URL_FILE: is not read; the setting is COUNTERSIGN__MAIL__SMTP_URL_FILE",
    ];
    assert_eq!(loaded.warnings, warnings);
}

#[test]
fn all_problems_are_told_at_once_and_no_secret_is() {
    let text = complaint(
        "[password]\nbcrypt_cost = 9\n[registration]\nmode = \"ajar\"",
        &[
            ("COUNTERSIGN__TOKENS__RESET_TTL", "soon"),
            ("COUNTERSIGN__SECRET_KEY", "hush-hush"),
            ("DATABASE_URL", "mysql://u:pw@h/d"),
        ],
    );
    assert!(text.contains("(5 problems)"), "{text}");
    for name in ["password.bcrypt_cost", "registration.mode", "tokens.reset_ttl", "secret_key", "database.url"] {
        assert!(text.contains(name), "{name} is missing in {text}");
    }
    assert!(!text.contains("hush-hush") && !text.contains("pw@h"), "{text}");
}

#[test]
fn urls_that_no_start_could_use_are_told_with_the_next_step_and_without_their_password() {
    for (name, url, said) in [
        ("SMTP_URL", "smtp://user:hush-hush@mail.example.org", "has a password that would be sent unencrypted"),
        ("SMTP_URL", "smtp://user:hush/hush-hush@mail.example.org", "write / ? # @ : % as %2F"),
        ("SMTP_URL", "mail.example.org", "is smtp://host"),
        (
            "DATABASE_URL",
            "postgres://u:hush-hush@h/d?sslmode=verify_full",
            "has an sslmode that there is not; it is one of",
        ),
        ("DATABASE_URL", "postgres://u:hush/hush-hush@h/d?sslmode=verify-full", "write / ? # @ : % as %2F"),
        ("REDIS_URL", "redis://:hush/hush-hush@localhost", "write / ? # @ : % as %2F"),
        ("COUNTERSIGN__SERVER__PUBLIC_URL", "http://localhost:8080/auth", "is scheme, host and port alone"),
    ] {
        let text = complaint("", &[(name, url)]);
        assert!(text.contains(said) && !text.contains("hush"), "{text}");
    }
}

#[test]
fn invalid_toml_is_told_with_its_line_but_not_its_text() {
    let text = complaint("dev = true\nsecret_key = \"hush-hush", &[]);
    assert!(text.contains("line 2") && !text.contains("hush-hush"), "{text}");
}

#[test]
fn development_is_refused_off_loopback() {
    assert!(settings(&[("COUNTERSIGN__DEV", "true"), ("COUNTERSIGN__PASSWORD__BCRYPT_COST", "4")]).dev);
    let dev = ("COUNTERSIGN__DEV", "true");
    let proxies = ("COUNTERSIGN__SERVER__TRUSTED_PROXIES", "10.0.0.0/8");
    let outside = ("COUNTERSIGN__SERVER__PUBLIC_URL", "https://accounts.example.org");
    assert!(complaint("", &[dev, proxies, outside]).contains("COUNTERSIGN__DEV"));
    assert!(complaint("", &[dev, ("COUNTERSIGN__SERVER__LISTEN", "0.0.0.0:8080")]).contains("COUNTERSIGN__DEV"));
    assert!(complaint("", &[("COUNTERSIGN__PASSWORD__BCRYPT_COST", "9")]).contains("10 to 15"));
    assert!(complaint("", &[dev, ("COUNTERSIGN__PASSWORD__BCRYPT_COST", "3")]).contains("4 to 15"));
}

#[test]
fn a_public_url_off_loopback_needs_https_and_something_that_speaks_it() {
    let url = |url| ("COUNTERSIGN__SERVER__PUBLIC_URL", url);
    assert!(complaint("", &[url("http://accounts.example.org")]).contains("https://"));
    assert!(complaint("", &[url("https://accounts.example.org")]).contains("server.trusted_proxies"));
    let proxies = ("COUNTERSIGN__SERVER__TRUSTED_PROXIES", "10.0.0.0/8");
    assert!(settings(&[url("https://accounts.example.org"), proxies]).server.public_url.unwrap().is_secure());
    assert!(complaint("", &[("COUNTERSIGN__SERVER__LISTEN", "0.0.0.0:8080")]).contains("server.public_url").eq(&false));
    assert!(complaint("", &[("COUNTERSIGN__SERVER__LISTEN", "0.0.0.0:8080")]).contains("SERVER__PUBLIC_URL"));
}

#[test]
fn metrics_are_served_where_somebody_says_or_by_default_or_nowhere() {
    let listen = |text| settings(&[("COUNTERSIGN__SERVER__METRICS_LISTEN", text)]).server.metrics_listen;
    assert_eq!(settings(&[]).server.metrics_listen, MetricsListen::Default(([127, 0, 0, 1], 9090).into()));
    assert_eq!(listen("127.0.0.1:9090"), MetricsListen::Chosen(([127, 0, 0, 1], 9090).into()));
    assert_eq!(listen("off"), MetricsListen::Off);
    assert_eq!(listen(""), MetricsListen::Default(([127, 0, 0, 1], 9090).into()), "empty is not set");
    assert_eq!(
        read("[server]\nmetrics_listen = \"\"", &[]).unwrap().settings.server.metrics_listen,
        MetricsListen::Off
    );
    assert!(complaint("", &[("COUNTERSIGN__SERVER__METRICS_LISTEN", "9090")]).contains("or off"));
}

#[test]
fn tls_needs_certificate_and_key() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    assert!(complaint("", &[("COUNTERSIGN__SERVER__TLS_CERT", path)]).contains("needs server.tls_key"));
    assert!(complaint("", &[("COUNTERSIGN__SERVER__TLS_KEY", path)]).contains("needs server.tls_cert"));
    assert!(complaint("", &[("COUNTERSIGN__SERVER__TLS_CERT", "/nowhere")]).contains("there is none"));
    let both = [("COUNTERSIGN__SERVER__TLS_CERT", path), ("COUNTERSIGN__SERVER__TLS_KEY", path)];
    let server = settings(&both).server;
    assert!(server.tls.is_some());
    assert_eq!(server.public_url_at(server.listen).to_string(), "https://127.0.0.1:8080");
}

#[test]
fn postgresql_needs_a_secret_key() {
    let url = ("DATABASE_URL", "postgres://localhost/countersign");
    assert!(complaint("", &[url]).contains("openssl rand -base64 32"));
    let key = ("COUNTERSIGN__SECRET_KEY", "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=");
    assert_eq!(settings(&[url, key]).storage.database_kind(), DatabaseKind::Postgres);
    assert!(complaint("", &[key, ("COUNTERSIGN__SECRET_KEY_PREVIOUS", key.1)]).contains("is the same"));
}

#[test]
fn redis_is_one_server_or_the_nodes_of_a_cluster() {
    for url in ["redis://127.0.0.1", "rediss://user:pass@redis.example:6380/2", "redis://a, redis://b:7001,redis://c"] {
        assert!(settings(&[("REDIS_URL", url)]).storage.redis_url.is_some(), "{url}");
    }
    for url in ["127.0.0.1:6379", "http://127.0.0.1", "redis://a,b", "redis://a,", "unix:///run/redis.sock"] {
        assert!(complaint("", &[("REDIS_URL", url)]).contains("starts with redis://"), "{url}");
    }
    for url in ["redis://:hunter2@host:port", "redis://u:hunter2@a,redis://u:hunter3@b"] {
        let complaint = complaint("", &[("REDIS_URL", url)]);
        assert!(complaint.contains("has an address that cannot be read"), "{complaint}");
        assert!(!complaint.contains("hunter"), "{complaint}");
    }
    assert!(complaint("", &[("COUNTERSIGN__REDIS__TIMEOUT", "9ms")]).contains("redis.timeout"));
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=\n").unwrap();
    let pointer = ("COUNTERSIGN__SECRET_KEY_FILE", file.path().to_str().unwrap());
    assert!(settings(&[pointer]).storage.secret_key.is_some());
    let nowhere = ("COUNTERSIGN__SECRET_KEY_FILE", "/nowhere");
    let text = complaint("", &[nowhere, ("DATABASE_URL", "postgres://user@db.example.org/accounts")]);
    assert!(text.contains("/nowhere") && text.contains("put the file there"), "{text}");
    assert!(!text.contains("openssl"), "another key would be made: {text}");
    let twice = [pointer, ("COUNTERSIGN__SECRET_KEY", "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=")];
    assert!(complaint("", &twice).contains("set twice"));
    assert!(complaint("", &[("COUNTERSIGN__DATA_DIR_FILE", "/x")]).contains("no such setting"));
}

#[test]
fn cors_origins_are_exact() {
    assert_eq!(
        settings(&[("COUNTERSIGN__SERVER__CORS_ORIGINS", "https://a.example, http://localhost:3000")])
            .server
            .cors_origins
            .len(),
        2
    );
    for origin in ["*", "https://*.example", "https://a.example/", "https://a.example/x", "null"] {
        assert!(complaint("", &[("COUNTERSIGN__SERVER__CORS_ORIGINS", origin)]).contains("exact origins"), "{origin}");
    }
}

#[test]
fn show_names_sources_and_hides_secrets() {
    let key = "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=";
    let loaded =
        read("[tokens]\naudience = \"ours\"", &[("COUNTERSIGN__SECRET_KEY", key), ("COUNTERSIGN__DEV", "true")])
            .unwrap();
    let text = loaded.show();
    let line = |key: &str| text.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert!(line("tokens.audience").contains("\"ours\"  # file "));
    assert!(line("dev").ends_with("\"true\"  # environment COUNTERSIGN__DEV"));
    assert!(line("secret_key ").contains("(hidden)") && !text.contains(key));
    assert!(line("redis.url").ends_with("(none)  # default"));
    assert_eq!(text.lines().count(), catalogue().count());
    assert!(!format!("{loaded:?}").contains(key));
}

const REFERENCE: &str = include_str!("../../../../docs/configuration.md");
const EXAMPLE: &str = include_str!("../../../../docs/countersign.example.toml");

fn reference_row(setting: &Setting, range: &str) -> String {
    let names: Vec<String> = setting.variables().map(|name| format!("`{name}`")).collect();
    let default = if setting.default.is_empty() { "none".to_owned() } else { format!("`{}`", setting.default) };
    format!("| `{}` | {} | {} | {default} | {range} |", setting.key, names.join(", "), setting.meaning)
}

#[test]
fn the_documentation_has_a_row_for_every_setting_and_no_other() {
    let layers = Layers::read(None, &Environment::default(), &mut Vec::new());
    let mut problems = Vec::new();
    let mut reader = Reader::new(&layers, &mut problems);
    Settings::read(&mut reader);
    let rows: BTreeSet<String> =
        catalogue().map(|setting| reference_row(setting, &reader.ranges_read()[setting.key])).collect();
    let written: BTreeSet<String> =
        REFERENCE.lines().filter(|line| line.contains(PREFIX) && line.starts_with('|')).map(str::to_owned).collect();
    let missing: Vec<_> = rows.difference(&written).collect();
    let stale: Vec<_> = written.difference(&rows).collect();
    assert!(missing.is_empty() && stale.is_empty(), "missing: {missing:#?}\nstale: {stale:#?}");
}

#[test]
fn the_example_file_lists_every_setting_with_its_default() {
    let uncommented: String = EXAMPLE
        .lines()
        .map(|line| line.strip_prefix("#").filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .fold(String::new(), |text, line| text + line + "\n");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("example.toml");
    std::fs::write(&path, uncommented).unwrap();
    let mut problems = Vec::new();
    let layers = Layers::read(Some(&path), &Environment::default(), &mut problems);
    assert_eq!(problems, []);
    for setting in catalogue() {
        let (text, source) = layers.get(setting);
        assert_ne!(source, layers::Source::Default, "{} is missing in the example", setting.key);
        assert_eq!(text, setting.default, "{}", setting.key);
    }
    assert!(read(EXAMPLE, &[]).is_ok(), "as it is, the example changes nothing");
}

#[test]
fn the_example_file_says_what_every_setting_means() {
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    let (mut section, mut said) = ("", BTreeMap::new());
    for pair in lines.windows(2) {
        section = pair[0].strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(section);
        let key = pair[1].strip_prefix('#').and_then(|rest| rest.split_once(" = ")).map(|(key, _)| key);
        if let Some(key) = key.filter(|key| !key.contains(' ')) {
            let key = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
            said.insert(key, pair[0].strip_prefix("# ").unwrap_or_default());
        }
    }
    for setting in catalogue() {
        assert_eq!(said.get(setting.key), Some(&setting.meaning), "{}", setting.key);
    }
}
