//! Whoever has no mouse.

use serde_json::Value;

use crate::browser::links::Links;
use crate::browser::person::{Browser, ENTER, TAB};
use crate::browser::site::Site;

const SPACE: &str = " ";

/// More stops than any page has.
const MOST_STOPS: usize = 300;

impl Browser {
    /// Presses Tab until what is called this has the focus, unless it has; every stop on the way shows that it has it (WCAG
    /// 2.2, 2.4.7).
    pub(crate) async fn tab_to(&self, name: &str) {
        if self.focused().await == name {
            return;
        }
        let mut stops = Vec::new();
        for _ in 0..MOST_STOPS {
            self.press(TAB).await;
            let stop = self.focused().await;
            assert!(self.shows_focus().await, "{stop:?} does not show that it has the focus");
            if stop == name {
                return;
            }
            stops.push(stop);
        }
        panic!("Tab does not lead to {name:?}, but to {stops:?}");
    }

    /// Goes on by the button or link of this name: links by Enter, buttons by Space.
    pub(in crate::browser) async fn press_on(&self, name: &str) {
        self.tab_to(name).await;
        let tag = self.session().run("return document.activeElement.localName", &[]).await;
        self.press(if tag == "button" { SPACE } else { ENTER }).await;
    }

    /// Whether what has the focus is within, or is, what this selector finds first.
    async fn is_focus_in(&self, selector: &str) -> bool {
        let script = "return document.querySelector(arguments[0]).contains(document.activeElement)";
        self.session().run(script, &[Value::from(selector)]).await == Value::Bool(true)
    }
}

#[tokio::test]
async fn a_password_is_reset_by_keyboard() {
    let Some(site) = Site::open().await else { return };
    let links = Links::of(&site.server).await;
    site.browser.open(&links.resolve("{reset-password}")).await;
    site.browser.tab_to("New password").await;
    site.browser.press("short1!").await;
    site.browser.tab_to("Set the password").await;
    site.browser.press(ENTER).await;
    site.browser.find_mark("New password").await;
    site.browser.tab_to("New password").await;
    site.server.confidences().note("nine green lanterns");
    site.browser.press("nine green lanterns").await;
    site.browser.press(ENTER).await;
    site.browser.see("Your password is set.").await;
    site.server.sign_in("forgetful@example.org", "nine green lanterns").send().await.expect(200);
    site.close().await;
}

#[tokio::test]
async fn the_first_stop_leads_past_what_every_page_has() {
    let Some(site) = Site::open().await else { return };
    site.browser.open("/sign-in").await;
    site.browser.press(TAB).await;
    assert_eq!(site.browser.focused().await, "Skip to the content");
    assert!(site.browser.shows_focus().await);
    let is_in_sight = "return document.activeElement.getBoundingClientRect().top >= 0";
    assert_eq!(site.browser.session().run(is_in_sight, &[]).await, Value::Bool(true));
    site.browser.press(ENTER).await;
    site.browser.press(TAB).await;
    assert!(site.browser.is_focus_in("main").await, "{}", site.browser.focused().await);
    assert_eq!(site.browser.focused().await, "E-mail address");
    site.close().await;
}

/// Nobody has to look for what is wrong (WCAG 2.2, 3.3.1).
#[tokio::test]
async fn a_refused_form_leads_to_what_is_wrong() {
    let Some(site) = Site::open().await else { return };
    site.browser.open("/register").await;
    for (label, value) in [
        ("First name", "Firstname"),
        ("Last name", "Lastname"),
        ("E-mail address", "reader@example.org"),
        ("Password", "short1!"),
    ] {
        site.browser.note(value);
        site.browser.tab_to(label).await;
        site.browser.press(value).await;
    }
    site.browser.press(ENTER).await;
    site.browser.find_mark("Password").await;
    assert_eq!(site.browser.focused().await, "Password");
    assert!(site.browser.shows_focus().await);

    // What is wrong with the whole is said above it.
    site.browser.open("/sign-in").await;
    site.browser.tab_to("E-mail address").await;
    site.browser.press("reader@example.org").await;
    site.browser.tab_to("Password").await;
    site.browser.press("not the password").await;
    site.browser.press(ENTER).await;
    site.browser.find_role("alert").await;
    assert!(site.browser.is_focus_in("[role=alert]").await, "{}", site.browser.focused().await);
    site.browser.tab_to("E-mail address").await;
    site.close().await;
}
