//! The files by which the service is run, held to its settings and to each other. Nothing here runs a container or systemd.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use saphyr::Yaml;

use crate::documents::root;
use crate::documents::running::compose::Compose;
use crate::documents::settings::{known, unknown};
use crate::support::{Certificate, run};

mod compose;

const UNIT: &str = "docs/operations/countersign.service";
const DROP_INS: [&str; 2] =
    ["docs/operations/countersign.service.d/production.conf", "docs/operations/countersign.service.d/tls.conf"];
/// How long a stop may take once requests have ended: for workers, the database, the last traces.
const BESIDE_REQUESTS: [(&str, &str); 3] = [
    ("crates/app/src/workers.rs", "DRAIN"),
    ("crates/infrastructure/src/persistence/database.rs", "CLOSING"),
    ("crates/app/src/telemetry/traces.rs", "FLUSH"),
];
const NODES: [&str; 2] = ["node-1", "node-2"];

fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// `5s` or `75s`.
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

/// A constant of the binary, as its source has it.
fn constant_seconds(file: &str, name: &str) -> u64 {
    let source = text(file);
    let start = format!("const {name}: Duration = Duration::from_secs(");
    let value = source.lines().find_map(|line| line.strip_prefix(&start)?.strip_suffix(");"));
    value.unwrap_or_else(|| panic!("no {name} in {file}")).parse().unwrap()
}

/// How long an orderly stop may take with these variables.
fn longest_stop(variables: &BTreeMap<String, String>) -> u64 {
    let of =
        |variable: &str, key: &str| variables.get(variable).map_or_else(|| default_seconds(key), |set| seconds(set));
    of("COUNTERSIGN__SERVER__SHUTDOWN_DELAY", "server.shutdown_delay")
        + of("COUNTERSIGN__SERVER__SHUTDOWN_TIMEOUT", "server.shutdown_timeout")
        + BESIDE_REQUESTS.map(|(file, name)| constant_seconds(file, name)).iter().sum::<u64>()
}

/// Whether the address is one of this network, `10.0.0.0/8`.
fn is_within(address: Ipv4Addr, network: &str) -> bool {
    let (first, bits) = network.split_once('/').unwrap();
    let (first, host_bits): (Ipv4Addr, u32) = (first.parse().unwrap(), 32 - bits.parse::<u32>().unwrap());
    address.to_bits() >> host_bits == first.to_bits() >> host_bits
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
fn whoever_stops_the_service_waits_for_an_orderly_stop() {
    let (compose, unit, told) = (Compose::read(), text(UNIT), text("docs/operations.md"));
    for service in compose.nodes().iter().chain(compose.services().get("countersign")) {
        let (grace, longest) = (seconds(service.text("stop_grace_period")), longest_stop(&service.environment()));
        assert!(grace > longest, "{grace} s are not more than {longest} s");
    }
    let (grace, longest) = (seconds(&of_unit(&unit, "TimeoutStopSec")[0]), longest_stop(&BTreeMap::new()));
    assert!(grace > longest, "{grace} s are not more than {longest} s");
    assert!(told.contains(&format!("({grace} s in [the unit]")));
    let [workers, database, traces] = BESIDE_REQUESTS.map(|(file, name)| constant_seconds(file, name));
    let rest = format!("{workers} s for workers, {database} s for the database and {traces} s for the last traces");
    for (file, text) in
        [(UNIT, &unit), ("docs/operations.md", &told), ("docker-compose.yml", &text("docker-compose.yml"))]
    {
        assert!(text.contains(&rest), "{file} does not say: {rest}");
    }
}

#[test]
fn whoever_asks_for_the_proxy_gets_every_service_of_the_profile() {
    const COMMAND: &str = "scripts/compose-secrets && docker compose --profile production up --build proxy";
    let compose = Compose::read();
    let services = compose.services();
    let (mut reached, mut left) = (BTreeSet::new(), vec!["proxy".to_owned()]);
    while let Some(name) = left.pop() {
        left.extend(services[&name].depends_on().into_iter().filter(|other| !reached.contains(other)));
        reached.insert(name);
    }
    let of_profile = services.iter().filter(|(_, service)| service.list("profiles") == ["production"]);
    assert_eq!(reached, of_profile.map(|(name, _)| name.clone()).collect());
    for file in ["docker-compose.yml", "docs/operations.md", "CHANGELOG.md"] {
        let text = text(file);
        let named = text.matches("--profile production up").count();
        assert!(named > 0 && named == text.matches(COMMAND).count(), "{file}: {named}");
    }
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
    // A node is given any address of the range before the proxy has taken its own.
    let document = compose.document();
    let network = document.as_mapping_get("networks").and_then(|networks| networks.as_mapping_get("front")).unwrap();
    let pools = network.as_mapping_get("ipam").and_then(|ipam| ipam.as_mapping_get("config")).unwrap();
    let pool = |key| pools.as_sequence().unwrap()[0].as_mapping_get(key).and_then(Yaml::as_str).unwrap();
    let fixed: Ipv4Addr = address.parse().unwrap();
    assert!(is_within(fixed, pool("subnet")) && !is_within(fixed, pool("ip_range")), "{fixed}");
    let range_start = pool("ip_range").split('/').next().unwrap().parse().unwrap();
    assert!(is_within(range_start, pool("subnet")));
    assert!(proxy_rules.contains("\n\t\theader_up -Traceparent\n"), "nodes believe the proxy's");
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

#[test]
fn the_image_runs_as_nobody_on_little_else_and_asks_the_service_for_its_health() {
    let file = text("Dockerfile");
    let of = |instruction: &str| -> Vec<&str> {
        file.lines().filter_map(|line| line.strip_prefix(instruction)?.strip_prefix(' ')).map(str::trim).collect()
    };
    assert_eq!(of("FROM").len(), 2, "{:?}", of("FROM"));
    assert_eq!(of("FROM")[1], "${RUNTIME}");
    let [runtime] = of("ARG")[..] else { panic!("{:?}", of("ARG")) };
    let runtime = runtime.strip_prefix("RUNTIME=").unwrap();
    assert!(runtime.contains("/distroless/") && runtime.ends_with(":nonroot"), "{runtime}");
    // Those of the last stage, in which nothing is run.
    let (_, last) = file.split_once("\nFROM ${RUNTIME}\n").unwrap();
    assert!(!last.lines().any(|line| line.starts_with("RUN ")), "there is no shell to run it");
    let [user] = of("USER")[..] else { panic!("{:?}", of("USER")) };
    let (owner, group) = user.split_once(':').unwrap();
    assert!(last.contains(&format!("\nUSER {user}\n")));
    for id in [owner, group] {
        assert!(id.parse::<u32>().unwrap() >= 1000, "{user}");
    }
    assert!(last.contains(&format!("--chown={user} ")), "whoever it runs as owns the data folder");
    let [health] = of("HEALTHCHECK")[..] else { panic!("{:?}", of("HEALTHCHECK")) };
    let (_, asked) = health.split_once(" CMD ").unwrap();
    let asked: Vec<String> = serde_json::from_str(asked).unwrap();
    let entry: Vec<String> = serde_json::from_str(of("ENTRYPOINT")[0]).unwrap();
    assert_eq!(asked, [&entry[..], &["health".to_owned()]].concat());
    let copied: Vec<_> = last.lines().filter(|line| line.starts_with("COPY ")).collect();
    assert!(copied.iter().any(|line| line.ends_with(&format!(" {}", entry[0]))), "{copied:?}");
}
