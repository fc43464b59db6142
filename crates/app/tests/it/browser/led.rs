//! Links of other sites, while the cookie wants to be renewed: the browser asks again by itself, and is signed in.

use std::time::Duration;

use crate::browser::older::{listen, show};
use crate::browser::site::Site;
use crate::support::{PASSWORD, Setup};

#[tokio::test]
async fn a_link_of_another_site_lands_on_its_page_signed_in_although_the_cookie_is_renewed_first() {
    let Some(site) = Site::of(Setup::default().set("TOKENS__ACCESS_TTL", "1s")).await else { return };
    let account = site.server.verified("person@example.org").await;
    site.browser.sign_in(&account.email, PASSWORD).await;
    for (path, landed) in [
        ("/account", "/account"),
        ("/verify-email?token=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", ""),
        ("/account/teams?done=deleted", "/account/teams?"),
    ] {
        let link = format!("<a href=\"{}\">Follow</a>", site.server.url(path));
        let port = listen(move |client| show(client, link.clone())).await;
        // Another site, and another port of this one.
        for host in ["localhost", "127.0.0.1"] {
            tokio::time::sleep(Duration::from_millis(1_100)).await;
            site.browser.open(&format!("http://{host}:{port}/")).await;
            site.browser.answers().await;
            site.browser.click("Follow").await;
            site.browser.see("Sign out").await;
            assert_eq!(site.browser.path().await, if landed.is_empty() { path } else { landed }, "{host}");
            assert!(!site.browser.text().await.contains("Your account is deleted."), "{host}");
            let answers = site.browser.answers().await;
            assert_eq!(answers.len(), 2, "asked for again, once: {answers:?}");
        }
    }
    let events = site.server.rows().await.count("audit_events WHERE kind = 'refresh_token_reused'").await;
    assert_eq!(events, 0);
    site.close().await;
}
