//! The policy of pages, as the browser keeps it.

use serde_json::{Value, json};

use crate::browser::person::Browser;
use crate::browser::site::Site;

impl Browser {
    /// Does what the policy of every page forbids: an element is given a style by an attribute.
    pub(in crate::browser) async fn misstyle(&self) {
        self.session().run("document.querySelector('h1').setAttribute('style', 'opacity: 0.5')", &[]).await;
    }
}

#[tokio::test]
async fn what_the_policy_keeps_from_happening_is_reported() {
    let Some(site) = Site::open().await else { return };
    site.browser.open("/reset-password").await;
    site.browser.misstyle().await;
    let script = "
        const inline = document.createElement('script');
        inline.textContent = 'window.wasRun = true';
        document.body.append(inline);
        const elsewhere = document.createElement('img');
        elsewhere.src = '/assets/pages.css';
        document.body.append(elsewhere);
        return [getComputedStyle(document.querySelector('h1')).opacity, window.wasRun === true];";
    assert_eq!(site.browser.session().run(script, &[]).await, json!(["1", false]), "the policy is kept");
    let heard = site.reports.wait_for(3).await;
    let mut violated: Vec<&Value> = heard.iter().map(|report| &report["effective-directive"]).collect();
    violated.sort_by_key(ToString::to_string);
    assert_eq!(violated, ["img-src", "script-src-elem", "style-src-attr"], "{heard:#?}");
    assert!(heard.iter().all(|report| report["document-uri"] == site.server.url("/reset-password")), "{heard:#?}");
    assert_eq!(site.browser.complaints().await.len(), 3);
    site.leave();
}

/// A report would have the token.
#[tokio::test]
async fn nobody_is_told_of_a_page_with_a_token_in_its_address() {
    let Some(site) = Site::open().await else { return };
    site.browser.open("/reset-password?token=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").await;
    site.browser.misstyle().await;
    assert_eq!(site.browser.complaints().await.len(), 1);
    // Which expects that nothing was heard.
    site.close().await;
}
