//! What a person does at a browser.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::chromedriver::Chromedriver;
use crate::browser::webdriver::{Element, Session, Trust};
use crate::support::{Confidences, TestServer};

/// How long something that was asked for may take to be there.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";

/// A browser of a person's own that looks at one server. It ends with its test.
pub(crate) struct Browser {
    driver: Chromedriver,
    origin: String,
    confidences: Confidences,
}

impl Browser {
    /// `None` where there is no browser on this machine: `scripts/test` says so.
    pub(crate) async fn at(server: &TestServer) -> Option<Self> {
        let browser = Self::trusting(Trust::Known, &server.url(""), server.confidences()).await?;
        // As whoever has started the service does.
        if let Some(link) = server.mailbox_link() {
            browser.open(&link).await;
        }
        Some(browser)
    }

    /// The same for what is served here.
    pub(in crate::browser) async fn trusting(trust: Trust, origin: &str, confidences: &Confidences) -> Option<Self> {
        let driver = Chromedriver::start(trust).await?;
        Some(Self { driver, origin: origin.to_owned(), confidences: confidences.clone() })
    }

    pub(in crate::browser) fn session(&self) -> &Session {
        &self.driver.session
    }

    /// Goes to a path of the service, or follows a link that a mail has.
    pub(crate) async fn open(&self, path: &str) {
        let url = if path.starts_with('/') { format!("{}{path}", self.origin) } else { path.to_owned() };
        self.session().command("url", &json!({"url": url})).await.unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    /// Forgets who is signed in.
    pub(in crate::browser) async fn sign_off(&self) {
        let cookie = json!({"name": "countersign", "url": self.origin});
        self.session().develop("Network.deleteCookies", &cookie).await;
    }

    /// Path and query of the page that is shown.
    pub(crate) async fn path(&self) -> String {
        let url = self.session().get("url").await.unwrap();
        let url = url.as_str().unwrap();
        url.strip_prefix(&self.origin).unwrap_or(url).to_owned()
    }

    /// What can be read on the page.
    pub(crate) async fn text(&self) -> String {
        self.session()
            .run("return document.body ? document.body.innerText : ''", &[])
            .await
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Waits until this can be read on the page.
    pub(crate) async fn see(&self, words: &str) {
        let start = Instant::now();
        loop {
            let text = self.text().await;
            if text.contains(words) {
                return;
            }
            assert!(start.elapsed() <= PATIENCE, "{words:?} is not on {}:\n{text}", self.path().await);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// The text of the first link on the page that leads to this page of the service.
    pub(in crate::browser) async fn link_to(&self, page: &str) -> String {
        let link = self.find(&format!("//a[contains(@href, {})]", quoted(page)), page).await;
        self.session().ask(&link, "text").await.as_str().unwrap_or_default().to_owned()
    }

    /// Takes note of what is typed: it is nobody else's business.
    pub(in crate::browser) fn note(&self, value: &str) {
        self.confidences.note(value);
    }

    /// Clicks on the first button or link with this text.
    pub(crate) async fn click(&self, text: &str) {
        self.click_on(&clickable("//", text), text).await;
    }

    /// The same in the row, item or section of the page that says this, such as the line of a member.
    pub(crate) async fn click_beside(&self, words: &str, text: &str) {
        let place = "*[self::tr or self::li or self::article or self::section]";
        let says = format!("contains(., {})", quoted(words));
        // Not the list that the row is in.
        let innermost = format!("//{place}[{says}][not(.//{place}[{says}])]//");
        self.click_on(&clickable(&innermost, text), text).await;
    }

    async fn click_on(&self, xpath: &str, text: &str) {
        let element = self.find(xpath, text).await;
        let clicked = self.session().tell(&element, "click", &json!({})).await;
        clicked.unwrap_or_else(|error| panic!("{text:?} cannot be clicked on: {error}"));
    }

    /// Fills the field of this label in, in place of what it had.
    pub(crate) async fn fill(&self, label: &str, value: &str) {
        self.note(value);
        let field = self.field(label).await;
        let is_cleared = self.session().tell(&field, "clear", &json!({})).await;
        let is_filled = self.session().tell(&field, "value", &json!({"text": value})).await;
        is_cleared.and(is_filled).unwrap_or_else(|error| panic!("{label:?} cannot be filled in: {error}"));
    }

    /// Takes this option of the list that has this label.
    pub(crate) async fn choose(&self, label: &str, option: &str) {
        let list = self.field(label).await;
        let of_list = format!("option[normalize-space()={}]", quoted(option));
        let id = self.session().ask(&list, "attribute/id").await;
        let xpath = format!("//select[@id={}]//{of_list}", quoted(id.as_str().unwrap_or_default()));
        self.click_on(&xpath, option).await;
    }

    /// Ticks, or no longer ticks, the box with this label.
    pub(crate) async fn tick(&self, label: &str) {
        let field = self.field(label).await;
        self.session().tell(&field, "click", &json!({})).await.unwrap_or_else(|error| panic!("{label:?}: {error}"));
    }

    /// What the field of this label has in it.
    pub(crate) async fn value(&self, label: &str) -> String {
        let field = self.field(label).await;
        self.session().ask(&field, "property/value").await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until something that has this role can be seen.
    pub(in crate::browser) async fn find_role(&self, role: &str) {
        self.find(&format!("//*[@role='{role}']"), role).await;
    }

    /// Waits until the field of this label is marked as wrong, and says why.
    pub(in crate::browser) async fn find_mark(&self, label: &str) {
        let described = "contains(concat(' ', @aria-describedby, ' '), concat(' ', @id, '-error '))";
        let label_of = format!("label[normalize-space()={}]", quoted(label));
        let xpath = format!("//*[@id=//{label_of}/@for][@aria-invalid='true'][{described}]");
        let field = self.find(&xpath, &format!("a mark at {label}")).await;
        let id = self.session().ask(&field, "attribute/id").await;
        self.find(&format!("//*[@id='{}-error']", id.as_str().unwrap_or_default()), label).await;
    }

    async fn field(&self, label: &str) -> Element {
        let label_of = format!("label[normalize-space()={}]", quoted(label));
        self.find(&format!("//*[@id=//{label_of}/@for] | //{label_of}//input"), label).await
    }

    /// Waits for the first of these that can be seen.
    async fn find(&self, xpath: &str, what: &str) -> Element {
        let start = Instant::now();
        loop {
            for element in self.session().elements(xpath).await {
                if self.session().ask(&element, "displayed").await == Value::Bool(true) {
                    return element;
                }
            }
            assert!(start.elapsed() <= PATIENCE, "{what:?} is not on {}:\n{}", self.path().await, self.text().await);
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }

    /// Presses keys one after the other, such as [`TAB`], or those of a text.
    pub(crate) async fn press(&self, keys: &str) {
        let each = |key: char| [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})];
        let strokes: Vec<Value> = keys.chars().flat_map(each).collect();
        let actions = json!({"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]});
        self.session().command("actions", &actions).await.unwrap();
    }

    /// The findings of a script that looks at the page.
    pub(in crate::browser) async fn told_by(&self, script: &str, arguments: &[Value]) -> Vec<String> {
        serde_json::from_value(self.session().run(script, arguments).await).unwrap()
    }

    /// What has the focus, as it is called to whoever does not see it.
    pub(crate) async fn focused(&self) -> String {
        let element = self.session().focused().await;
        self.session().ask(&element, "computedlabel").await.as_str().unwrap_or_default().to_owned()
    }
}

/// By what it says, or by what it is called where it shows a sign only.
fn clickable(start: &str, text: &str) -> String {
    let text = quoted(text);
    format!("{start}*[self::button or self::a or self::summary][normalize-space()={text} or @aria-label={text}]")
}

/// XPath has no escapes.
fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") }
}
