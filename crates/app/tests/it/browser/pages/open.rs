//! Pages for everybody.

use crate::browser::views::Step::{Click, Fill, ForgetEverything};
use crate::browser::views::{View, alerted, refused, told, view};

/// What whoever starts the service for the first time sees.
pub(in crate::browser) const UNUSED: &[View] = &[
    view("mailbox-empty", "/mailbox", "No mail yet"),
    view("mailbox-no-mail", NO_MAIL, "There is nothing here"),
    // Last, for the key is gone then.
    view("mailbox-closed", "/mailbox", "Open the mailbox by its link").after(&[ForgetEverything, Click("Mailbox")]),
];

const NO_MAIL: &str = "/mailbox/0190a5d0-7c1e-7e7a-9a53-1f2e3d4c5b6a";

pub(in crate::browser) const PAGES: &[View] = &[
    view("front", "/", "Accounts and teams"),
    view("sign-in", "/sign-in", "Forgot your password?"),
    alerted(
        "sign-in-refused",
        "/sign-in",
        &[Fill("E-mail address", "nobody@example.org"), Fill("Password", "not the password"), Click("Sign in")],
    ),
    view("sign-in-asked-for", "/account/teams", "Forgot your password?"),
    view("register", "/register", "Registered already?"),
    refused(
        "register-refused",
        "/register",
        "Password",
        &[
            Fill("First name", "Firstname"),
            Fill("Last name", "Lastname"),
            Fill("E-mail address", "new.person@example.org"),
            Fill("Password", "short1!"),
            Click("Register"),
        ],
    ),
    alerted(
        "register-taken",
        "/register",
        &[
            Fill("First name", "Firstname"),
            Fill("Last name", "Lastname"),
            Fill("E-mail address", "owner@example.org"),
            Fill("Password", "nine green lanterns"),
            Click("Register"),
        ],
    ),
    told(
        "register-done",
        "/register",
        &[
            Fill("First name", "Firstname"),
            Fill("Last name", "Lastname"),
            Fill("E-mail address", "new.person@example.org"),
            Fill("Password", "nine green lanterns"),
            Click("Register"),
        ],
    ),
    view("forgot-password", "/forgot-password", "Back to signing in"),
    told(
        "forgot-password-done",
        "/forgot-password",
        &[Fill("E-mail address", "nobody@example.org"), Click("Send the mail")],
    ),
    alerted(
        "forgot-password-too-often",
        "/forgot-password",
        &[
            Fill("E-mail address", "nobody@example.org"),
            Click("Send the mail"),
            Fill("E-mail address", "nobody@example.org"),
            Click("Send the mail"),
        ],
    ),
    view("reset-password", "{reset-password}", "Set a new password"),
    view("reset-password-without-token", "/reset-password", "It stands in the mail."),
    view("reset-password-cut-link", "/reset-password?token=cut", "The link is incomplete."),
    refused(
        "reset-password-refused",
        "{reset-password}",
        "New password",
        &[Fill("New password", "short1!"), Click("Set the password")],
    ),
    told(
        "reset-password-done",
        "{reset-password}",
        &[Fill("New password", "nine green lanterns"), Click("Set the password")],
    ),
    alerted(
        "reset-password-used-up",
        "{reset-password}",
        &[Fill("New password", "nine green lanterns"), Click("Set the password")],
    ),
    view("verify-email", "{verify-email}", "Verify your e-mail address"),
    view("verify-email-without-token", "/verify-email", "It stands in the mail."),
    refused(
        "verify-email-wrong-password",
        "{verify-email}",
        "Password",
        &[Fill("Password", "not the password"), Click("Verify")],
    ),
    view("disown-account", "{disown-account}", "Was this not you?"),
    view("disown-account-without-token", "/disown-account", "It stands in the mail."),
    told("disown-account-done", "{disown-account}", &[Click("It was not me: delete the account")]),
    view("accept-invitation", "{accept-invitation}", "Join the team"),
    view("accept-invitation-without-token", "/accept-invitation", "It stands in the mail."),
    view("accept-invitation-register", "{accept-invitation}", "Register and join the team").after(&[Click("Join")]),
    refused(
        "accept-invitation-refused",
        "{accept-invitation}",
        "Password",
        &[
            Click("Join"),
            Fill("First name", "Firstname"),
            Fill("Last name", "Lastname"),
            Fill("E-mail address", "guest@example.org"),
            Fill("Password", "short1!"),
            Click("Register and join"),
        ],
    ),
    told(
        "accept-invitation-done",
        "{accept-invitation}",
        &[
            Click("Join"),
            Fill("First name", "Firstname"),
            Fill("Last name", "Lastname"),
            Fill("E-mail address", "guest@example.org"),
            Fill("Password", "nine green lanterns"),
            Click("Register and join"),
        ],
    ),
    view("confirm-email-change", "{confirm-email-change}", "Use this e-mail address"),
    view("confirm-email-change-without-token", "/confirm-email-change", "It stands in the mail."),
    told("confirm-email-change-done", "{confirm-email-change}", &[Click("Use this address")]),
    view("mailbox", "/mailbox", "Invitation to the team"),
    view("mailbox-mail", "/mailbox/{mail}", "As HTML"),
    alerted("page-unknown", "/nowhere", &[]),
    alerted("page-not-to-be-opened", "/sign-out", &[]),
    view("docs-errors", "/docs/errors", "Error codes"),
];
