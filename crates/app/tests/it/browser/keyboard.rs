//! Whoever has no mouse.

use crate::browser::links::Links;
use crate::browser::person::{Browser, ENTER, TAB};
use crate::browser::site::Site;

/// More stops than any page has.
const MOST_STOPS: usize = 300;

impl Browser {
    /// Presses Tab until what is called this has the focus, unless it has; every stop on the way shows that it has it (WCAG 2.2, 2.4.7).
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
