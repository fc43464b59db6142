//! Links of mails that are followed while somebody is signed in.

use crate::browser::links::Links;
use crate::browser::people::OWNER;
use crate::browser::site::Site;
use crate::support::PASSWORD;

#[tokio::test]
async fn the_invitation_of_another_account_is_accepted_with_that_one() {
    let Some(site) = Site::open().await else { return };
    let links = Links::of(&site.server).await;
    site.server.register("guest@example.org").await;
    site.browser.sign_in(OWNER, PASSWORD).await;
    site.browser.open(&links.resolve("{accept-invitation}")).await;
    site.browser.see(OWNER).await;
    site.browser.click("Join").await;
    site.browser.see("This invitation is for another e-mail address").await;
    site.browser.click("Sign out and use another account").await;
    site.browser.click("Sign in and come back").await;
    site.browser.fill("E-mail address", "guest@example.org").await;
    site.browser.fill("Password", PASSWORD).await;
    site.browser.click("Sign in").await;
    site.browser.see("You are signed in as guest@example.org").await;
    site.browser.click("Join").await;
    site.browser.see("Welcome! You are a member of the team now.").await;
    site.browser.see("Leave the team").await;
    site.close().await;
}

#[tokio::test]
async fn whoever_is_signed_in_verifies_the_address_by_one_click() {
    let Some(site) = Site::open().await else { return };
    let links = Links::of(&site.server).await;
    site.browser.sign_in("stranger@example.org", PASSWORD).await;
    site.browser.open(&links.resolve("{verify-email}")).await;
    site.browser.click("Verify").await;
    site.browser.see("Your e-mail address is verified.").await;
    site.browser.click("To your account").await;
    site.browser.see("stranger@example.org verified").await;
    site.close().await;
}

#[tokio::test]
async fn whoever_sets_a_new_password_is_not_shown_as_signed_in_any_more() {
    let Some(site) = Site::open().await else { return };
    let links = Links::of(&site.server).await;
    site.browser.sign_in("forgetful@example.org", PASSWORD).await;
    site.browser.open(&links.resolve("{reset-password}")).await;
    site.browser.see("Sign out").await;
    site.browser.fill("New password", "nine green lanterns").await;
    site.browser.click("Set the password").await;
    site.browser.see("Your password is set. Sign in with it.").await;
    assert!(!site.browser.text().await.contains("Sign out"), "{}", site.browser.text().await);
    site.close().await;
}
