//! What a page costs whoever comes for the first time.

use serde_json::{Value, json};

use crate::browser::links::Links;
use crate::browser::pages::PAGES;
use crate::browser::person::Browser;
use crate::browser::site::Site;

/// Octets of a page with all that it loads, as they are sent, heads included.
const HEAVIEST: u64 = 60 * 1024;

/// One for the page, one for its style.
const MOST_REQUESTS: usize = 2;

impl Browser {
    /// What was loaded for the page that is shown: address and octets.
    async fn loaded(&self) -> Vec<(String, u64)> {
        let script = "
            const entries = ['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind));
            return entries.map(entry => [entry.name, entry.transferSize]);";
        let loaded = self.session().run(script, &[]).await;
        let entry = |entry: &Value| (entry[0].as_str().unwrap().to_owned(), entry[1].as_u64().unwrap());
        loaded.as_array().unwrap().iter().map(entry).collect()
    }

    /// From now on nothing is taken from the visit before.
    async fn forget_between_pages(&self) {
        self.session().develop("Network.enable", &json!({})).await;
        self.session().develop("Network.setCacheDisabled", &json!({"cacheDisabled": true})).await;
    }
}

#[tokio::test]
async fn a_page_and_its_style_are_two_requests_and_at_most_60_kib() {
    let Some(site) = Site::open().await else { return };
    let links = Links::of(&site.server).await;
    site.browser.forget_between_pages().await;
    for (visitor, views) in PAGES {
        site.browser.come_as(*visitor).await;
        for view in views.iter().filter(|view| view.is_first_load()) {
            site.browser.show(view, &links).await;
            let loaded = site.browser.loaded().await;
            assert!((1..=MOST_REQUESTS).contains(&loaded.len()), "{}: {loaded:?}", view.name);
            assert!(loaded.iter().all(|(_, octets)| *octets > 0), "not weighed: {}: {loaded:?}", view.name);
            let weight: u64 = loaded.iter().map(|(_, octets)| octets).sum();
            assert!(weight <= HEAVIEST, "{}: {weight} octets: {loaded:?}", view.name);
        }
    }
    site.close().await;
}
