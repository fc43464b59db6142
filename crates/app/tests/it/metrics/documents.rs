//! Documentation, dashboard and alerts name what there is, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use saphyr::{LoadableYamlNode as _, Yaml};

use crate::metrics::exposition::Exposition;
use crate::metrics::{scrape, scrape_until};
use crate::support::Setup;

const REFERENCE: &str = include_str!("../../../../../docs/metrics.md");
const DASHBOARD: &str = include_str!("../../../../../docs/operations/dashboard.json");
const ALERTS: &str = include_str!("../../../../../docs/operations/alerts.yml");
const TESTS_OF_ALERTS: &str = include_str!("../../../../../docs/operations/alerts.test.yml");

/// Of metrics that are there only where a replica is set.
const OF_REPLICA: &str = "countersign_replica_";

/// Of those that are there only where the service speaks TLS itself.
const OF_TLS: &str = "countersign_tls_";

/// Type and labels of each metric, as the rows of the documentation say.
fn documented() -> Families {
    let rows = REFERENCE.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
        (cells[0].trim_matches('`').to_owned(), (cells[1].to_owned(), quoted(cells[2])))
    })
    .collect()
}

type Families = BTreeMap<String, (String, BTreeSet<String>)>;

/// What is seen where they are set.
fn without_replica_and_tls(mut families: Families) -> Families {
    families.retain(|name, _| !name.starts_with(OF_REPLICA) && !name.starts_with(OF_TLS));
    families
}

/// All that is documented about a replica is exposed, and nothing else.
#[track_caller]
pub(crate) fn assert_told_of_replica(page: &Exposition) {
    assert_told_of(page, OF_REPLICA);
}

/// The same about the certificate.
#[track_caller]
pub(crate) fn assert_told_of_tls(page: &Exposition) {
    assert_told_of(page, OF_TLS);
}

#[track_caller]
fn assert_told_of(page: &Exposition, beginning: &str) {
    let (mut told, mut known) = (page.families(), documented());
    told.retain(|name, _| name.starts_with(beginning));
    known.retain(|name, _| name.starts_with(beginning));
    assert!(!known.is_empty());
    assert_eq!(told, known);
    for name in known.keys() {
        assert!(page.explains(name), "{name} has no HELP");
    }
}

#[tokio::test]
async fn what_is_exposed_is_documented_and_the_other_way_round() {
    let server = Setup::default().embedded().set("LIMITS__LOGIN_PER_MINUTE_PER_IP", "2").start().await;
    let (_, tokens) = server.signed_in("measured@example.org").await;
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    server.sign_in("measured@example.org", "wrong").send().await.expect(401);
    server.sign_in("measured@example.org", "wrong").send().await.expect(429);
    let told = scrape_until(&server, |told| told.has("countersign_outbox_oldest_seconds", &[])).await;
    // Nobody listens there.
    let other = Setup::default().embedded().variable("REDIS_URL", "redis://127.0.0.1:1").start().await;
    let other = scrape(&other).await;
    let of_redis = other.families().into_iter().filter(|(name, _)| name.starts_with("countersign_redis_"));
    let documented = without_replica_and_tls(documented());
    assert_eq!(told.families().into_iter().chain(of_redis).collect::<BTreeMap<_, _>>(), documented);
    for name in documented.keys() {
        assert!(told.explains(name) || other.explains(name), "{name} has no HELP");
    }
}

/// Every metric that an expression names, without what Prometheus adds to the name of a histogram.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    let metrics = words.filter(|word| word.starts_with("countersign_") || word.starts_with("process_"));
    metrics
        .map(|name| {
            let base = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| name.strip_suffix(suffix));
            base.unwrap_or(name).to_owned()
        })
        .collect()
}

#[test]
fn dashboard_and_alerts_name_metrics_that_there_are() {
    let documented = documented();
    for (file, text) in [("dashboard.json", DASHBOARD), ("alerts.yml", ALERTS)] {
        let named = named(text);
        assert!(named.len() >= 8, "{file}: {named:?}");
        for name in named {
            assert!(documented.contains_key(&name), "{file} names {name}, which there is not");
        }
    }
}

#[test]
fn the_dashboard_shows_every_metric_of_the_service() {
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().iter().all(|panel| panel["title"].is_string()));
    let shown = named(DASHBOARD);
    for name in documented().keys().filter(|name| name.starts_with("countersign_")) {
        assert!(shown.contains(name), "{name} is on no panel");
    }
}

/// The rules of the alerts, in their order.
fn rules<'a>(file: &'a Yaml<'a>) -> impl Iterator<Item = &'a Yaml<'a>> {
    let groups = file.as_mapping_get("groups").and_then(Yaml::as_sequence).unwrap();
    groups.iter().flat_map(|group| group.as_mapping_get("rules").and_then(Yaml::as_sequence).unwrap())
}

#[test]
fn every_rule_says_when_how_bad_and_what_it_means() {
    let files = Yaml::load_from_str(ALERTS).unwrap();
    let mut names = BTreeSet::new();
    for rule in rules(&files[0]) {
        let of = |key: &str| rule.as_mapping_get(key).and_then(Yaml::as_str);
        let inner = |key: &str, name: &str| rule.as_mapping_get(key)?.as_mapping_get(name)?.as_str();
        let name = of("alert").unwrap();
        assert!(names.insert(name) && name.starts_with("Countersign"), "{name}");
        let severity = inner("labels", "severity");
        assert!(severity.is_some_and(|word| ["critical", "warning", "info"].contains(&word)), "{name}: {severity:?}");
        for key in ["summary", "description"] {
            let told = inner("annotations", key).unwrap_or_default();
            assert!(!told.is_empty() && told.matches("{{").count() == told.matches("}}").count(), "{name}: {told}");
        }
        let lasting = of("for").unwrap_or("0m");
        assert!(lasting.strip_suffix('m').is_some_and(|minutes| minutes.parse::<u32>().is_ok()), "{name}: {lasting}");
        let expression = of("expr").unwrap();
        assert!(!named(expression).is_empty() || expression.contains("up{"), "{name}: {expression}");
        assert!(is_closed(expression), "{name}: {expression}");
    }
    assert!(names.len() >= 10, "{names:?}");
}

/// `scripts/check-rules` has Prometheus run them.
#[test]
fn every_rule_is_tried_on_what_it_fires_for_and_on_what_it_leaves_alone() {
    let (alerts, tests) = (Yaml::load_from_str(ALERTS).unwrap(), Yaml::load_from_str(TESTS_OF_ALERTS).unwrap());
    let of = |yaml: &Yaml, key: &str| yaml.as_mapping_get(key).and_then(Yaml::as_str).map(str::to_owned);
    let named = rules(&alerts[0]).map(|rule| of(rule, "alert").unwrap());
    let tests = tests[0].as_mapping_get("tests").and_then(Yaml::as_sequence).unwrap();
    let tried = tests.iter().map(|test| {
        let name = of(test, "name").unwrap();
        let firing = format!("ALERTS{{alertname=\"{name}\", alertstate=\"firing\"}}");
        let looks = test.as_mapping_get("promql_expr_test").and_then(Yaml::as_sequence).unwrap();
        let fires: BTreeSet<_> = looks
            .iter()
            .filter(|look| of(look, "expr").as_deref() == Some(&firing))
            .map(|look| !look.as_mapping_get("exp_samples").and_then(Yaml::as_sequence).unwrap().is_empty())
            .collect();
        assert_eq!(fires, BTreeSet::from([false, true]), "{name}");
        name
    });
    assert_eq!(tried.collect::<Vec<_>>(), named.collect::<Vec<_>>());
}

/// Whether every bracket has its end. What else Prometheus thinks of an expression, nobody asks here.
fn is_closed(expression: &str) -> bool {
    let mut open = Vec::new();
    // Within quotation marks they are none.
    for (_, text) in expression.split('"').enumerate().filter(|(n, _)| n % 2 == 0) {
        for character in text.chars() {
            match character {
                '(' => open.push(')'),
                '[' => open.push(']'),
                '{' => open.push('}'),
                ')' | ']' | '}' if open.pop() != Some(character) => return false,
                _ => {}
            }
        }
    }
    open.is_empty() && expression.matches('"').count().is_multiple_of(2)
}
