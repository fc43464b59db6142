//! Documentation, dashboard and alerts name what there is, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::metrics::exposition::Exposition;
use crate::metrics::{scrape, scrape_until};
use crate::support::Setup;

const REFERENCE: &str = include_str!("../../../../../docs/metrics.md");
const DASHBOARD: &str = include_str!("../../../../../docs/operations/dashboard.json");
const ALERTS: &str = include_str!("../../../../../docs/operations/alerts.yml");

/// Of metrics that are there only where a replica is set.
const OF_REPLICA: &str = "countersign_replica_";

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

fn without_replica(mut families: Families) -> Families {
    families.retain(|name, _| !name.starts_with(OF_REPLICA));
    families
}

/// All that is documented about a replica is exposed, and nothing else.
#[track_caller]
pub(crate) fn assert_told_of_replica(page: &Exposition) {
    let (mut told, mut known) = (page.families(), documented());
    told.retain(|name, _| name.starts_with(OF_REPLICA));
    known.retain(|name, _| name.starts_with(OF_REPLICA));
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
    // Those of a replica are seen where there is one.
    let documented = without_replica(documented());
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
