//! Mail scanners and previews open every link of a mail, some several times, before its reader does.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use crate::browser::links::Links;
use crate::browser::people::OWNER;
use crate::browser::site::Site;
use crate::support::{Mail, PASSWORD};

/// Addresses of the service in this text, in whatever way they end there.
fn links(text: &str, origin: &str) -> BTreeSet<String> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>');
    let found = text.match_indices(origin).map(|(at, _)| text[at..].split(ends).next().unwrap().to_owned());
    found.map(|link| link.trim_end_matches('.').replace("&amp;", "&").replace("&#x2f;", "/")).collect()
}

fn links_of(mail: &Mail, origin: &str) -> BTreeSet<String> {
    let (text, html) = (links(&mail.text, origin), links(&mail.html.replace("&#x2f;", "/"), origin));
    assert_eq!(text, html, "both parts of a mail lead to the same: {mail:?}");
    text
}

#[tokio::test]
async fn links_of_mails_are_as_good_as_new_after_everybody_has_looked_at_them() {
    let Some(site) = Site::open().await else { return };
    let server = &site.server;
    let known = Links::of(server).await;
    let mails = server.mailbox().all();
    let origin = server.url("");
    let found: BTreeSet<String> = mails.iter().flat_map(|mail| links_of(mail, &origin)).collect();
    let with_tokens = found.iter().filter(|link| link.contains("token=")).count();
    // Four registrations with two links each, an invitation, a reset, a change of address.
    assert_eq!((mails.len(), with_tokens), (7, 4 * 2 + 3), "{found:#?}");
    for _ in 0..2 {
        for link in &found {
            let path = link.strip_prefix(&origin).unwrap();
            let path = if path.is_empty() { "/" } else { path };
            server.call(Method::HEAD, path).send().await.expect(200);
            server.get(path).send().await.expect(200);
            site.browser.open(link).await;
            site.browser.see("Countersign").await;
        }
    }
    // Signed in, too.
    site.browser.sign_in(OWNER, PASSWORD).await;
    for link in &found {
        site.browser.open(link).await;
        site.browser.see("Sign out").await;
    }

    let token = |page: &str| known.resolve(page).split_once("token=").unwrap().1.to_owned();
    let use_up = async |path: &str, body: serde_json::Value| {
        server.post(path).json(&body).send().await.expect(200);
    };
    let password = "nine green lanterns";
    use_up("/auth/verify-email", json!({"token": token("{verify-email}"), "password": PASSWORD})).await;
    use_up("/auth/password-reset", json!({"token": token("{reset-password}"), "new_password": password})).await;
    use_up("/auth/confirm-email-change", json!({"token": token("{confirm-email-change}")})).await;
    let invitation = json!({
        "email": "guest@example.org", "password": password, "first_name": "Firstname", "last_name": "Lastname",
        "invitation_token": token("{accept-invitation}"),
    });
    server.post("/auth/register").json(&invitation).send().await.expect(201);
    // The account of the first is verified now: another one is disowned.
    let other = server.register("other@example.org").await;
    let mail = server.mailbox().about(&other.email, "verify your e-mail address").await;
    let disown = links_of(&mail, &origin).into_iter().find(|link| link.contains("/disown-account")).unwrap();
    for _ in 0..2 {
        site.browser.open(&disown).await;
        server.get(disown.strip_prefix(&origin).unwrap()).send().await.expect(200);
    }
    server.sign_in(&other.email, PASSWORD).send().await.expect(200);
    use_up("/auth/disown-account", json!({"token": disown.split_once("token=").unwrap().1})).await;
    site.close().await;
}
