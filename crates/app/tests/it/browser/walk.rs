//! From the first registration to a team, as two people who share a browser would get there.

use crate::browser::site::Site;
use crate::browser::walker::{By, Walker};
use crate::support::PASSWORD;

const FIRST: &str = "first@example.org";
const SECOND: &str = "second@example.org";
const TEAM: &str = "Engines of Loom";

/// Register, verify, sign in, create a team, invite a stranger, who registers by the invitation and is in the team.
async fn found_a_team(walker: &Walker<'_>) {
    walker.register(FIRST, PASSWORD).await;
    walker.sign_in(FIRST, PASSWORD).await;
    walker.click("Teams").await;
    walker.see("You are in no team yet.").await;
    walker.click("Create a team").await;
    walker.fill("Name", TEAM).await;
    walker.click("Create the team").await;
    walker.see("you are its admin").await;
    walker.click("Invite people").await;
    walker.fill("E-mail addresses", SECOND).await;
    walker.click("Invite").await;
    walker.see("The invitations are on their way.").await;
    walker.sign_out().await;

    walker.follow_mail(SECOND, "Invitation to the team \"Engines of Loom\"", "/accept-invitation").await;
    walker.see(&format!("Join the team: {TEAM}")).await;
    walker.see("Invited by").await;
    walker.click("Join").await;
    walker.see("Register and join the team").await;
    walker.introduce(SECOND, PASSWORD).await;
    walker.click("Register and join").await;
    walker.see("You are registered and a member of the team.").await;
    walker.click("Sign in").await;
    walker.fill("E-mail address", SECOND).await;
    walker.fill("Password", PASSWORD).await;
    walker.click("Sign in").await;
    walker.see("Welcome! You are a member of the team now.").await;
    walker.see(&format!("{FIRST} · joined")).await;
    walker.sign_out().await;
}

#[tokio::test]
async fn a_team_is_founded_by_clicking_alone() {
    let Some(site) = Site::open().await else { return };
    let walker = Walker::enter(&site, By::Mouse).await;
    found_a_team(&walker).await;
    walker.sign_in(FIRST, PASSWORD).await;
    walker.click("Teams").await;
    walker.click(TEAM).await;
    walker.see(&format!("{SECOND} · joined")).await;
    walker.click("Invitations").await;
    walker.see("accepted").await;
    site.close().await;
}

#[tokio::test]
async fn a_team_is_founded_without_scripts() {
    let Some(site) = Site::open().await else { return };
    site.browser.scripts(false).await;
    found_a_team(&Walker::enter(&site, By::Mouse).await).await;
    site.close().await;
}

#[tokio::test]
async fn a_team_is_founded_by_keyboard_alone() {
    let Some(site) = Site::open().await else { return };
    found_a_team(&Walker::enter(&site, By::Keyboard).await).await;
    site.close().await;
}

/// Forgets the password, changes the address, ends what is signed in elsewhere, and goes in the end.
#[tokio::test]
async fn an_account_is_kept_and_deleted_by_clicking_alone() {
    const NEW_PASSWORD: &str = "nine green lanterns";
    const NEW_ADDRESS: &str = "moved@example.org";
    let Some(site) = Site::open().await else { return };
    let (_, tokens) = site.server.signed_in(FIRST).await;
    let team = site.server.team(&tokens, TEAM).await;
    site.server.member(&tokens, &team, SECOND, "member").await;

    let walker = Walker::enter(&site, By::Mouse).await;
    walker.click("Sign in").await;
    walker.click("Forgot your password?").await;
    walker.fill("E-mail address", FIRST).await;
    walker.click("Send the mail").await;
    walker.see("is on its way.").await;
    walker.follow_mail(FIRST, "Set a new password", "/reset-password").await;
    walker.fill("New password", NEW_PASSWORD).await;
    walker.click("Set the password").await;
    walker.see("Your password is set.").await;
    walker.sign_in(FIRST, NEW_PASSWORD).await;

    walker.click("Change the address").await;
    walker.fill("New e-mail address", NEW_ADDRESS).await;
    walker.fill("Current password", NEW_PASSWORD).await;
    walker.click("Send the mail").await;
    walker.see("is on its way there.").await;
    walker.follow_mail(NEW_ADDRESS, "Confirm your new e-mail address", "/confirm-email-change").await;
    walker.click("Use this address").await;
    walker.see("Your account has the new e-mail address.").await;
    walker.click("Account").await;
    walker.see(NEW_ADDRESS).await;

    let elsewhere = site.another_browser().await;
    elsewhere.sign_in(NEW_ADDRESS, NEW_PASSWORD).await;
    walker.click("Where you are signed in").await;
    walker.click("Sign out everywhere else").await;
    walker.see("You are signed in nowhere else.").await;
    elsewhere.click("Teams").await;
    elsewhere.see("Forgot your password?").await;

    walker.click("Account").await;
    walker.click("Delete the account").await;
    // Somebody else has to answer for the team first.
    walker.see("You are the only admin of teams that others are in.").await;
    walker.click(TEAM).await;
    walker.click("Make admin: Firstname Lastname").await;
    walker.see("The role is changed.").await;
    walker.click("Account").await;
    walker.click("Delete the account").await;
    walker.fill("Current password", NEW_PASSWORD).await;
    walker.click("Delete the account for good").await;
    walker.see("Your account is deleted.").await;
    walker.fill("E-mail address", NEW_ADDRESS).await;
    walker.fill("Password", NEW_PASSWORD).await;
    walker.click("Sign in").await;
    site.browser.find_role("alert").await;
    site.close().await;
}
