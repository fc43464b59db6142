//! Whoever lets no page run scripts.

use crate::browser::links::Links;
use crate::browser::site::Site;

#[tokio::test]
async fn a_password_is_reset_without_scripts() {
    let Some(site) = Site::open().await else { return };
    let links = Links::of(&site.server).await;
    site.browser.scripts(false).await;
    site.browser.open("/docs").await;
    site.browser.see("The API is described in").await;

    site.browser.open(&links.resolve("{reset-password}")).await;
    site.browser.fill("New password", "short1!").await;
    site.browser.click("Set the password").await;
    site.browser.find_mark("New password").await;
    assert_eq!(site.browser.value("New password").await, "");
    site.browser.fill("New password", "nine green lanterns").await;
    site.browser.click("Set the password").await;
    site.browser.see("Your password is set.").await;
    site.server.sign_in("forgetful@example.org", "nine green lanterns").send().await.expect(200);
    site.close().await;
}

#[tokio::test]
async fn an_invited_stranger_registers_without_scripts() {
    let Some(site) = Site::open().await else { return };
    let links = Links::of(&site.server).await;
    site.browser.scripts(false).await;
    site.browser.open(&links.resolve("{accept-invitation}")).await;
    site.browser.click("Join").await;
    site.browser.fill("First name", "Firstname").await;
    site.browser.fill("Last name", "Lastname").await;
    site.browser.fill("E-mail address", "guest@example.org").await;
    site.browser.fill("Password", "short1!").await;
    site.browser.click("Register and join").await;
    site.browser.find_mark("Password").await;
    assert_eq!(site.browser.value("First name").await, "Firstname");
    assert_eq!(site.browser.value("E-mail address").await, "guest@example.org");
    site.browser.fill("Password", "nine green lanterns").await;
    site.browser.click("Register and join").await;
    site.browser.see("You are registered and a member of the team.").await;
    site.server.sign_in("guest@example.org", "nine green lanterns").send().await.expect(200);
    site.close().await;
}
