//! What a page costs whoever comes for the first time.

use serde_json::json;

use crate::browser::answers::Answered;
use crate::browser::person::Browser;

/// Octets of a page with all that it loads, as they are sent, heads included.
const HEAVIEST: u64 = 60 * 1024;

/// One for the page, one for its style: a round trip each.
const MOST_REQUESTS: usize = 2;

/// What may be on its way before the browser has acknowledged any of it: ten segments (RFC 6928) of 1,460 octets.
const FLIGHT: u64 = 10 * 1_460;

/// Lists whose pages have up to 50 rows. All of it is sent as it is, for secrets do not go with what others choose where
/// lengths tell (BREACH).
const LISTS: [&str; 8] =
    ["teams", "team", "team-last-admin", "console", "console-users", "console-teams", "console-team", "console-audit"];

/// Addresses that lead on: one for those who are signed in, to signing in; that of the console, to its first list.
const LEADS_ON: [&str; 2] = ["sign-in-asked-for", "console"];

/// A mail on a page is a page of its own, in a frame.
const IN_A_FRAME: &str = "/html";

/// What came for a page.
#[derive(Debug)]
struct Load {
    /// Addresses and octets of the page and of what it asked for.
    loaded: Vec<(String, u64)>,
    /// Of the page alone, to the last octet.
    page: u64,
    redirects: usize,
}

impl Browser {
    /// From now on nothing is taken from the visit before.
    pub(in crate::browser) async fn forget_between_pages(&self) {
        self.session().develop("Network.enable", &json!({})).await;
        self.session().develop("Network.setCacheDisabled", &json!({"cacheDisabled": true})).await;
    }

    /// Octets of the page that is shown and of what it asked for, and how many answers they are.
    pub(in crate::browser) async fn load(&self) -> (u64, usize) {
        let loaded = self.loaded().await;
        (loaded.iter().map(|(_, octets)| octets).sum(), loaded.len())
    }

    async fn loaded(&self) -> Vec<(String, u64)> {
        let script = "
            const entries = ['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind));
            return entries.map(entry => [entry.name, entry.transferSize]);";
        serde_json::from_value(self.session().run(script, &[]).await).unwrap()
    }

    /// What is too much of the page that is shown, which came with this answer.
    pub(in crate::browser) async fn burden(&self, name: &str, page: Option<&Answered>) -> Option<String> {
        let loaded = self.loaded().await;
        let octets = page.and_then(|page| page.octets).unwrap_or_default();
        burden(name, &Load { loaded, page: octets, redirects: page.map_or(0, |page| page.redirects) })
    }
}

fn burden(name: &str, load: &Load) -> Option<String> {
    let loaded: Vec<_> = load.loaded.iter().filter(|(address, _)| !address.ends_with(IN_A_FRAME)).collect();
    let weight: u64 = loaded.iter().map(|(_, octets)| octets).sum();
    let is_weighed = load.page > 0 && loaded.iter().all(|(_, octets)| *octets > 0);
    let most_redirects = usize::from(LEADS_ON.contains(&name));
    let is_direct = (1..=MOST_REQUESTS).contains(&loaded.len()) && load.redirects <= most_redirects;
    let is_in_one_flight = load.page <= FLIGHT || LISTS.contains(&name);
    let is_light = weight <= HEAVIEST && is_in_one_flight && loaded.iter().skip(1).all(|(_, octets)| *octets <= FLIGHT);
    (!is_weighed || !is_direct || !is_light).then(|| format!("{weight} octets: {load:?}"))
}

#[test]
fn what_is_too_much_or_was_not_weighed_is_told() {
    let of = |octets: &[u64], page, redirects| {
        let loaded = octets.iter().map(|octets| ("/page".to_owned(), *octets)).collect();
        burden("page", &Load { loaded, page, redirects })
    };
    assert_eq!(of(&[14_300, 14_600], 14_600, 0), None);
    for (too_much, page, redirects) in [
        (&[47_000, 14_441][..], 14_600, 0),
        (&[1, 14_601], 1, 0),
        (&[1, 1], 14_601, 0),
        (&[1, 1], 1, 1),
        (&[1, 1, 1], 1, 0),
        (&[1, 0], 1, 0),
        (&[1, 1], 0, 0),
        (&[], 1, 0),
    ] {
        assert!(of(too_much, page, redirects).is_some(), "{too_much:?} {page} {redirects}");
    }
    let mail = [("/mail".to_owned(), 1), ("/style".to_owned(), 1), ("/mail/html".to_owned(), 9)];
    assert_eq!(burden("mailbox-mail", &Load { loaded: mail.to_vec(), page: 1, redirects: 0 }), None);
    let asked_for = |redirects| Load { loaded: vec![("/sign-in".to_owned(), 1)], page: 1, redirects };
    assert_eq!(burden("sign-in-asked-for", &asked_for(1)), None);
    assert!(burden("sign-in-asked-for", &asked_for(2)).is_some());
}
