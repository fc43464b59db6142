//! What was typed before the session ended, and is sent after signing in anew.

use serde_json::json;

use crate::browser::site::Site;
use crate::support::PASSWORD;

async fn tabs(site: &Site) -> Vec<String> {
    serde_json::from_value(site.browser.session().get("window/handles").await.unwrap()).unwrap()
}

async fn turn_to(site: &Site, tab: &str) {
    site.browser.session().command("window", &json!({"handle": tab})).await.unwrap();
}

#[tokio::test]
async fn what_was_typed_before_the_session_ended_is_sent_by_two_clicks_after_signing_in() {
    let Some(site) = Site::open().await else { return };
    let (account, tokens) = site.server.signed_in("person@example.org").await;
    site.browser.sign_in(&account.email, PASSWORD).await;
    for (may_run, name) in [(true, "\"First\" & 'foremost'"), (false, "<b>Second</b>")] {
        site.browser.scripts(may_run).await;
        site.browser.open("/account").await;
        site.browser.fill("First name", name).await;
        site.server.post("/auth/logout?scope=others").bearer(&tokens.access).send().await.expect(204);
        site.browser.click("Save the name").await;
        site.browser.see("You are not signed in any more").await;
        assert_eq!((site.browser.status().await, site.browser.path().await), (401, "/account".to_owned()));

        let before = tabs(&site).await;
        site.browser.click("Sign in (opens a new tab)").await;
        let opened = tabs(&site).await.into_iter().find(|tab| !before.contains(tab)).unwrap();
        turn_to(&site, &opened).await;
        site.browser.sign_in(&account.email, PASSWORD).await;
        turn_to(&site, &before[0]).await;

        site.browser.click("Send it again").await;
        site.browser.see("You have signed in anew").await;
        site.browser.see(name).await;
        site.browser.click("Send it again").await;
        site.browser.see("Your name is saved.").await;
        assert_eq!(site.browser.value("First name").await, name);
    }
    site.close().await;
}
