//! What a page costs whoever comes for the first time.

use serde_json::{Value, json};

use crate::browser::person::Browser;

/// Octets of a page with all that it loads, as they are sent, heads included.
const HEAVIEST: u64 = 60 * 1024;

/// One for the page, one for its style.
const MOST_REQUESTS: usize = 2;

/// A mail on a page is a page of its own, in a frame.
const IN_A_FRAME: &str = "/html";

impl Browser {
    /// From now on nothing is taken from the visit before.
    pub(in crate::browser) async fn forget_between_pages(&self) {
        self.session().develop("Network.enable", &json!({})).await;
        self.session().develop("Network.setCacheDisabled", &json!({"cacheDisabled": true})).await;
    }

    /// What is too much of the page that is shown.
    pub(in crate::browser) async fn burden(&self) -> Option<String> {
        let script = "
            const entries = ['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind));
            return entries.map(entry => [entry.name, entry.transferSize]);";
        let loaded = self.session().run(script, &[]).await;
        let entry = |entry: &Value| (entry[0].as_str().unwrap().to_owned(), entry[1].as_u64().unwrap());
        burden(&loaded.as_array().unwrap().iter().map(entry).collect::<Vec<_>>())
    }
}

/// The same of what was loaded: addresses and octets.
fn burden(loaded: &[(String, u64)]) -> Option<String> {
    let loaded: Vec<_> = loaded.iter().filter(|(address, _)| !address.ends_with(IN_A_FRAME)).collect();
    let weight: u64 = loaded.iter().map(|(_, octets)| octets).sum();
    let is_weighed = loaded.iter().all(|(_, octets)| *octets > 0);
    let is_light = (1..=MOST_REQUESTS).contains(&loaded.len()) && weight <= HEAVIEST;
    (!is_weighed || !is_light).then(|| format!("{weight} octets: {loaded:?}"))
}

#[test]
fn what_is_too_much_or_was_not_weighed_is_told() {
    let of = |octets: &[u64]| burden(&octets.iter().map(|octets| ("/page".to_owned(), *octets)).collect::<Vec<_>>());
    assert_eq!(of(&[40_000, 21_440]), None);
    for too_much in [&[40_000, 21_441][..], &[1, 1, 1], &[40_000, 0], &[]] {
        assert!(of(too_much).is_some(), "{too_much:?}");
    }
    assert_eq!(burden(&[("/mail".to_owned(), 1), ("/style".to_owned(), 1), ("/mail/html".to_owned(), 9)]), None);
}
