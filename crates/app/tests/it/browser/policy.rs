//! The policy of pages, as the browser keeps it.

use serde_json::{Value, json};

use crate::browser::answers::Answered;
use crate::browser::person::Browser;
use crate::browser::site::Site;

/// Of every page.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Of the list of error codes, which has no forms.
const POLICY_OF_LISTS: &str =
    "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Of a file that is no page.
const POLICY_OF_FILES: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Of a mail in its frame, which has its style within.
const POLICY_OF_LETTERS: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; \
    frame-ancestors 'self'; sandbox allow-top-navigation-by-user-activation";

/// Of the page to try the API on: Swagger UI runs there, and sets styles on its elements.
const POLICY_OF_API: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The policy that the page at this address has, but for where it is reported to.
fn policy_of(path: &str, answer: &Answered) -> String {
    match path {
        "/docs/errors" => POLICY_OF_LISTS.to_owned(),
        "/docs" => POLICY_OF_API.to_owned(),
        "/account/export" if answer.status == 200 => POLICY_OF_FILES.to_owned(),
        _ if answer.is_in_frame || is_letter(path) => POLICY_OF_LETTERS.to_owned(),
        // The mail is in a frame.
        _ if path.starts_with("/mailbox/") && answer.status == 200 => format!("{POLICY}; frame-src 'self'"),
        _ => POLICY.to_owned(),
    }
}

/// A mail by itself.
fn is_letter(path: &str) -> bool {
    path.starts_with("/mailbox/") && path.ends_with("/html")
}

impl Site {
    /// What is wrong with the policies of the pages that came since this was last asked.
    async fn wrong_policies(&self) -> Vec<String> {
        self.wrong_policies_of(&self.browser.answers().await)
    }

    /// The same of these pages. One with a query is not reported: the report would have it.
    pub(in crate::browser) fn wrong_policies_of(&self, answers: &[Answered]) -> Vec<String> {
        let mut findings = vec![];
        if answers.is_empty() {
            findings.push("no page came".to_owned());
        }
        for answer in answers {
            let address = answer.url.strip_prefix(&self.server.url("")).unwrap_or(&answer.url);
            let (path, query) = address.split_once('?').map_or((address, None), |(path, query)| (path, Some(query)));
            let mut expected = policy_of(path, answer);
            if query.is_none() && expected != POLICY_OF_FILES {
                expected = format!("{expected}; report-uri {}", self.reports.url());
            }
            let policy = answer.header("content-security-policy");
            if policy != expected {
                findings.push(format!("{path} has the policy {policy:?}"));
            }
        }
        findings
    }
}

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

#[tokio::test]
async fn a_page_with_another_policy_is_found() {
    let Some(site) = Site::open().await else { return };
    site.browser.answers().await;
    assert_eq!(site.wrong_policies().await, ["no page came"]);
    site.browser.open("/sign-in").await;
    site.browser.open("/reset-password?token=cut").await;
    site.browser.open("/nowhere").await;
    assert_eq!(site.wrong_policies().await, Vec::<String>::new());
    // Not a page, and its policy is another one.
    site.browser.open("/openapi.json").await;
    let findings = site.wrong_policies().await;
    assert!(findings.len() == 1 && findings[0].starts_with("/openapi.json has the policy"), "{findings:?}");
    site.close().await;
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
