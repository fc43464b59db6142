//! What an invitation and an unverified address look like to their owner.

use crate::browser::views::Step::{Click, Fill, ForgetEverything};
use crate::browser::views::{View, alerted, told, view};

pub(in crate::browser) const PAGES: &[View] = &[
    view("account-unverified", "/account", "Send the mail again"),
    view("teams-awaiting", "/account/teams", "awaits verification"),
    view("team-awaiting-leave", "/account/teams/{team}/members/{unverified}/remove", "Stay in the team"),
    told("account-unverified-mail", "/account", &[Click("Send the mail again")]),
    alerted("account-unverified-too-often", "/account", &[Click("Send the mail again"), Click("Send the mail again")]),
    view("verify-email-own", "{own-verification}", "You are signed in"),
    view("accept-invitation-own", "{own-invitation}", "Join the team"),
    told("accept-invitation-own-done", "{own-invitation}", &[Click("Join")]),
    // Last, for nobody is signed in then.
    alerted(
        "form-kept-signed-out",
        "/account",
        &[Fill("First name", "Other"), ForgetEverything, Click("Save the name")],
    ),
];
