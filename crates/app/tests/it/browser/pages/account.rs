//! The own account, of whoever is in no team.

use crate::browser::pages::LONG_NAME;
use crate::browser::views::Step::{Click, Estrange, Fill};
use crate::browser::views::{View, alerted, refused, told, view};
use crate::support::PASSWORD;

const NEW_PASSWORD: &str = "nine green lanterns";

pub(in crate::browser) const PAGES: &[View] = &[
    view("front-signed-in", "/", "Your account"),
    view("account", "/account", "Export your data"),
    refused(
        "account-name-refused",
        "/account",
        "First name",
        &[Fill("First name", "\u{200b}"), Click("Save the name")],
    ),
    told("account-name-done", "/account", &[Fill("First name", LONG_NAME), Click("Save the name")]),
    view("account-email", "/account/email", "Back to your account"),
    refused(
        "account-email-refused",
        "/account/email",
        "Current password",
        &[
            Fill("New e-mail address", "other@example.org"),
            Fill("Current password", "not the password"),
            Click("Send the mail"),
        ],
    ),
    told(
        "account-email-done",
        "/account/email",
        &[Fill("New e-mail address", "other@example.org"), Fill("Current password", PASSWORD), Click("Send the mail")],
    ),
    view("account-password", "/account/password", "Back to your account"),
    refused(
        "account-password-refused",
        "/account/password",
        "New password",
        &[Fill("Current password", PASSWORD), Fill("New password", "short1!"), Click("Change the password")],
    ),
    alerted("form-refused", "/account", &[Estrange, Click("Export your data")]),
    alerted(
        "form-kept",
        "/account/email",
        &[
            Fill("New e-mail address", "other@example.org"),
            Fill("Current password", PASSWORD),
            Estrange,
            Click("Send the mail"),
        ],
    ),
    alerted("account-export-too-often", "/account", &[Click("Export your data"), Click("Export your data")]),
    view("account-sessions", "/account/sessions", "Where you are signed in"),
    told("account-sessions-ended", "/account/sessions", &[Click("Sign out everywhere else")]),
    view("teams-none", "/account/teams", "You are in no team yet"),
    view("team-new", "/account/teams/new", "Back to your teams"),
    refused("team-new-refused", "/account/teams/new", "Name", &[Fill("Name", "\u{200b}"), Click("Create the team")]),
    told(
        "team-new-done",
        "/account/teams/new",
        &[Fill("Name", "Teamname"), Fill("Description (optional)", "What it is about"), Click("Create the team")],
    ),
    view("verify-email-of-another", "{verify-email}", "to show that it is yours"),
    view("reset-password-signed-in", "{reset-password}", "Set a new password"),
    view("accept-invitation-signed-in", "{accept-invitation}", "Sign out and use another account"),
    alerted("accept-invitation-of-another", "{accept-invitation}", &[Click("Join")]),
    view("console-not-for-accounts", "/console/users", "Not for this account"),
    view("account-delete", "/account/delete", "Keep it"),
    refused(
        "account-delete-refused",
        "/account/delete",
        "Current password",
        &[Fill("Current password", "not the password"), Click("Delete the account for good")],
    ),
    told(
        "account-password-done",
        "/account/password",
        &[Fill("Current password", PASSWORD), Fill("New password", NEW_PASSWORD), Click("Change the password")],
    ),
    told(
        "account-delete-done",
        "/account/delete",
        &[Fill("Current password", NEW_PASSWORD), Click("Delete the account for good")],
    ),
];
