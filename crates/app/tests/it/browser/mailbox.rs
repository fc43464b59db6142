//! The mailbox, as a developer reads it.

use serde_json::json;

use crate::browser::person::Browser;
use crate::browser::site::Site;

impl Browser {
    /// From now on this looks at what is in the frame of this title; what is clicked on there may lead the whole page on.
    async fn look_into(&self, title: &str) {
        let frames = self.session().elements(&format!("//iframe[@title='{title}']")).await;
        let frame = frames.first().unwrap_or_else(|| panic!("no frame {title:?}"));
        self.session().command("frame", &json!({"id": frame.reference()})).await.unwrap();
    }

    /// From now on this looks at the whole page again.
    async fn look_up(&self) {
        self.session().command("frame", &json!({"id": null})).await.unwrap();
    }
}

#[tokio::test]
async fn a_mail_is_read_as_text_and_in_html_and_the_links_of_both_work() {
    let Some(site) = Site::open().await else { return };
    site.server.register("reader@example.org").await;
    site.server.mailbox().wait_for("reader@example.org", 1).await;
    site.browser.open("/mailbox").await;
    site.browser.click("Verify your e-mail address").await;
    let link = site.browser.link_to("/verify-email").await;
    site.browser.click(&link).await;
    site.browser.see("to show that it is yours").await;

    site.browser.open("/mailbox").await;
    site.browser.click("Verify your e-mail address").await;
    site.browser.look_into("As HTML").await;
    site.browser.see("That was not you?").await;
    site.browser.click("delete the account").await;
    site.browser.look_up().await;
    site.browser.see("It was not me: delete the account").await;
    site.close().await;
}
