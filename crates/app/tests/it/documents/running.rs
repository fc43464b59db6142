//! The files by which the service is run, held to its settings and to each other. Nothing here runs a container or systemd.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use saphyr::{LoadableYamlNode as _, Yaml};

use crate::documents::root;
use crate::documents::settings::{known, unknown};
use crate::support::{Certificate, run};

const UNIT: &str = "docs/operations/countersign.service";
const DROP_INS: [&str; 2] =
    ["docs/operations/countersign.service.d/production.conf", "docs/operations/countersign.service.d/tls.conf"];
const NODES: [&str; 2] = ["node-1", "node-2"];

fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The set-up of docker-compose.yml.
struct Compose(String);

impl Compose {
    fn read() -> Self {
        Self(text("docker-compose.yml"))
    }

    fn document(&self) -> Yaml<'_> {
        Yaml::load_from_str(&self.0).unwrap().remove(0)
    }

    fn services(&self) -> BTreeMap<String, Service<'_>> {
        let document = self.document();
        let services = document.as_mapping_get("services").unwrap().as_mapping().unwrap();
        services.iter().map(|(name, service)| (name.as_str().unwrap().to_owned(), Service(service.clone()))).collect()
    }

    fn nodes(&self) -> Vec<Service<'_>> {
        let mut services = self.services();
        NODES.map(|node| services.remove(node).unwrap()).into()
    }
}

struct Service<'a>(Yaml<'a>);

impl Service<'_> {
    /// A value of its own, or of what it begins with (`<<`).
    fn get(&self, key: &str) -> Option<&Yaml<'_>> {
        let mut at = &self.0;
        loop {
            if let Some(found) = at.as_mapping_get(key) {
                return Some(found);
            }
            at = at.as_mapping_get("<<")?;
        }
    }

    fn list(&self, key: &str) -> Vec<String> {
        let items = self.get(key).map(|value| value.as_sequence().unwrap().clone()).unwrap_or_default();
        items.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
    }

    fn text(&self, key: &str) -> &str {
        self.get(key).and_then(Yaml::as_str).unwrap_or_else(|| panic!("no {key}"))
    }

    fn environment(&self) -> BTreeMap<String, String> {
        let Some(variables) = self.get("environment") else { return BTreeMap::new() };
        let text = |value: &Yaml<'_>| value.as_str().unwrap().to_owned();
        variables.as_mapping().unwrap().iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    fn variable(&self, name: &str) -> String {
        self.environment().remove(name).unwrap_or_else(|| panic!("no {name}"))
    }
}

/// `5s` or `45s`.
fn seconds(text: &str) -> u64 {
    text.strip_suffix('s').unwrap().parse().unwrap()
}

/// What is set where nobody sets anything else.
fn default_seconds(key: &str) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let shown = String::from_utf8(run(folder.path(), &["config", "show"], &[]).stdout).unwrap();
    let line = shown.lines().find(|line| line.split(' ').next() == Some(key)).unwrap();
    seconds(line.split('"').nth(1).unwrap())
}

fn drain(node: &Service<'_>) -> u64 {
    let delay = node.environment().remove("COUNTERSIGN__SERVER__SHUTDOWN_DELAY").map(|delay| seconds(&delay));
    delay.unwrap_or_else(|| default_seconds("server.shutdown_delay")) + default_seconds("server.shutdown_timeout")
}

/// Runs the script in a folder of its own; the folder of what it made.
fn make_secrets(folder: &Path) -> std::path::PathBuf {
    std::fs::create_dir(folder.join("scripts")).unwrap();
    let script = folder.join("scripts/compose-secrets");
    std::fs::copy(root().join("scripts/compose-secrets"), &script).unwrap();
    let made = Command::new("sh").arg(&script).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    folder.join("secrets")
}

/// What `config check` says to these variables.
fn check(folder: &Path, variables: &BTreeMap<String, String>) {
    let variables: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let checked = run(folder, &["config", "check"], &variables);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

/// The values of a key of a unit, in all its sections.
fn of_unit(unit: &str, key: &str) -> Vec<String> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(str::to_owned).collect()
}

#[test]
fn every_variable_in_a_file_that_runs_the_service_is_a_setting() {
    let known = known();
    for file in [&["docker-compose.yml", "Dockerfile", UNIT][..], &DROP_INS].concat() {
        assert_eq!(unknown(&text(file).replace('`', ""), &known), Vec::<String>::new(), "{file}");
    }
}

#[test]
fn the_nodes_of_the_composed_set_up_have_settings_that_can_be_used() {
    let (folder, compose) = (tempfile::tempdir().unwrap(), Compose::read());
    let secrets = make_secrets(folder.path());
    for node in compose.nodes() {
        let mut variables = node.environment();
        for value in variables.values_mut() {
            *value = value.replace("/run/secrets", secrets.to_str().unwrap());
        }
        assert!(variables.contains_key("DATABASE_URL_FILE") && variables.contains_key("REDIS_URL_FILE"));
        check(folder.path(), &variables);
    }
}

#[test]
fn the_settings_of_the_unit_can_be_used_with_each_of_its_drop_ins() {
    let (folder, unit) = (tempfile::tempdir().unwrap(), text(UNIT));
    let secrets = make_secrets(folder.path());
    std::fs::write(secrets.join("smtp_url"), "smtps://service:word@mail.example.org").unwrap();
    let production = text(DROP_INS[0]);
    let environment = |text: &str| -> BTreeMap<String, String> {
        let assignments = of_unit(text, "Environment").join(" ");
        let assignments = assignments.replace("%d", secrets.to_str().unwrap()).replace("%S", "/var/lib");
        assignments.split(' ').map(|word| word.split_once('=').unwrap()).map(|(n, v)| (n.into(), v.into())).collect()
    };
    check(folder.path(), &environment(&unit));
    let mut variables = environment(&unit);
    variables.extend(environment(&production));
    check(folder.path(), &variables);
    let tls = Certificate::make(folder.path(), "tls", "localhost", 30);
    let mut variables = environment(&unit);
    for (name, path) in environment(&text(DROP_INS[1])) {
        let file = if path.ends_with("/fullchain.pem") { &tls.cert } else { &tls.key };
        variables.insert(name, file.to_str().unwrap().to_owned());
    }
    assert!(variables.contains_key("COUNTERSIGN__SERVER__TLS_KEY"));
    check(folder.path(), &variables);
    // Each credential is used, and each that is used is loaded.
    let loaded: BTreeSet<_> = of_unit(&production, "LoadCredential")
        .iter()
        .map(|credential| {
            let (name, path) = credential.split_once(':').unwrap();
            assert_eq!(path, format!("/etc/countersign/credentials/{name}"));
            secrets.join(name).to_str().unwrap().to_owned()
        })
        .collect();
    let used: BTreeSet<_> = environment(&production).into_values().collect();
    assert_eq!(loaded, used);
}

#[test]
fn whoever_stops_the_service_waits_for_requests_under_way() {
    let (compose, unit) = (Compose::read(), text(UNIT));
    for service in compose.nodes().iter().chain(compose.services().get("countersign")) {
        assert!(seconds(service.text("stop_grace_period")) > drain(service));
    }
    let drain = default_seconds("server.shutdown_delay") + default_seconds("server.shutdown_timeout");
    assert!(seconds(&of_unit(&unit, "TimeoutStopSec")[0]) > drain);
}

#[test]
fn every_container_is_read_only_and_gains_no_rights() {
    let compose = Compose::read();
    let services = compose.services();
    assert_eq!(services.len(), 7, "{:?}", services.keys());
    for (name, service) in services {
        assert_eq!(service.get("read_only").and_then(Yaml::as_bool), Some(true), "{name}");
        assert_eq!(service.list("cap_drop"), ["ALL"], "{name}");
        assert_eq!(service.list("security_opt"), ["no-new-privileges:true"], "{name}");
        for port in service.list("ports") {
            assert!(port.starts_with("127.0.0.1:") && !port.ends_with(":9090"), "{name}: {port}");
        }
    }
}

#[test]
fn nodes_are_reached_by_the_proxy_alone_which_is_trusted() {
    let (compose, proxy_rules) = (Compose::read(), text("docs/operations/Caddyfile"));
    let services = compose.services();
    let proxy = &services["proxy"];
    let front = proxy.get("networks").and_then(|networks| networks.as_mapping_get("front")).unwrap();
    let address = front.as_mapping_get("ipv4_address").and_then(Yaml::as_str).unwrap();
    for (name, node) in NODES.iter().zip(compose.nodes()) {
        assert_eq!(node.variable("COUNTERSIGN__SERVER__TRUSTED_PROXIES"), format!("{address}/32"));
        assert!(node.get("ports").is_none(), "{name} is published");
        let port = node.variable("COUNTERSIGN__SERVER__LISTEN").rsplit(':').next().unwrap().to_owned();
        assert!(proxy_rules.contains(&format!("{name}:{port}")), "{name}");
        assert!(text("Dockerfile").contains(&format!("EXPOSE {port}\n")));
        let public_url = node.variable("COUNTERSIGN__SERVER__PUBLIC_URL");
        assert!(proxy_rules.contains(&format!("\n{public_url} {{")), "{public_url}");
        let published = public_url.rsplit(':').next().unwrap();
        assert_eq!(proxy.list("ports"), [format!("127.0.0.1:{published}:{published}")]);
    }
}

#[test]
fn every_secret_of_the_composed_set_up_is_made_and_none_has_a_default() {
    let (folder, compose) = (tempfile::tempdir().unwrap(), Compose::read());
    let made = make_secrets(folder.path());
    let document = compose.document();
    let declared = document.as_mapping_get("secrets").and_then(Yaml::as_mapping).unwrap();
    for (name, secret) in declared {
        let name = name.as_str().unwrap();
        assert_eq!(secret.as_mapping_get("file").and_then(Yaml::as_str).unwrap(), format!("./secrets/{name}"));
        assert!(made.join(name).exists(), "{name} is not made");
    }
    for (name, service) in compose.services() {
        let mounted: BTreeSet<_> = service.list("secrets").into_iter().collect();
        let said = service.environment().into_values().chain(service.list("command"));
        let used: BTreeSet<_> =
            said.filter_map(|value| value.strip_prefix("/run/secrets/").map(str::to_owned)).collect();
        assert_eq!(mounted, used, "{name}");
        assert!(mounted.iter().all(|secret| made.join(secret).exists()), "{name}");
        for (variable, value) in service.environment() {
            assert!(!variable.contains("PASSWORD") || variable.ends_with("_FILE"), "{name}: {variable}");
            assert!(!value.contains('@'), "{name}: {variable} has a password in it");
        }
    }
    // What is there stays: databases were made with it.
    let key = std::fs::read(made.join("secret_key")).unwrap();
    let again = Command::new("sh").arg(folder.path().join("scripts/compose-secrets")).status().unwrap();
    assert!(again.success() && std::fs::read(made.join("secret_key")).unwrap() == key);
}

#[test]
fn the_image_is_built_by_the_compiler_of_the_workspace() {
    let toolchain = text("rust-toolchain.toml");
    let channel = toolchain.lines().find_map(|line| line.strip_prefix("channel = \"")?.strip_suffix('"')).unwrap();
    assert!(text("Dockerfile").contains(&format!("FROM rust:{channel}-bookworm ")));
}
