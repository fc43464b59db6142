//! Every page there is, in the states that matter: what is in these tables is read by axe-core, weighed, photographed and
//! heard. A page that comes later is a line here.

use crate::browser::views::Step::{Click, Fill};
use crate::browser::views::{View, Visitor, view};
use crate::support::PASSWORD;

/// The pages of the service by who looks at them, in an order in which they can be gone through: what a page uses up or
/// changes comes last.
pub(in crate::browser) const PAGES: &[(Visitor, &[View])] = &[(Visitor::Anybody, OPEN), (Visitor::Owner, ACCOUNT)];

const OPEN: &[View] = &[
    view("front", "/", "Accounts and teams"),
    view("sign-in", "/sign-in", "Forgot your password?"),
    view("sign-in-refused", "/sign-in", "wrong").after(&[
        Fill("E-mail address", "nobody@example.org"),
        Fill("Password", "not the password"),
        Click("Sign in"),
    ]),
    view("register", "/register", "Registered already?"),
    view("register-refused", "/register", "Some of it cannot be used").after(&[
        Fill("First name", "Firstname"),
        Fill("Last name", "Lastname"),
        Fill("E-mail address", "new.person@example.org"),
        Fill("Password", "short1!"),
        Click("Register"),
    ]),
    view("forgot-password", "/forgot-password", "Back to signing in"),
    view("forgot-password-done", "/forgot-password", "is on its way")
        .after(&[Fill("E-mail address", "nobody@example.org"), Click("Send the mail")]),
    view("reset-password", "{reset-password}", "Set a new password"),
    view("reset-password-without-token", "/reset-password", "It stands in the mail."),
    view("reset-password-cut-link", "/reset-password?token=cut", "The link is not whole."),
    view("reset-password-refused", "{reset-password}", "Some of it cannot be used")
        .after(&[Fill("New password", "short1!"), Click("Set the password")]),
    view("reset-password-done", "{reset-password}", "Your password is set.")
        .after(&[Fill("New password", "nine green lanterns"), Click("Set the password")]),
    view("reset-password-used-up", "{reset-password}", "ask for a new mail")
        .after(&[Fill("New password", "nine green lanterns"), Click("Set the password")]),
    view("verify-email", "{verify-email}", "Verify your e-mail address"),
    view("verify-email-without-token", "/verify-email", "It stands in the mail."),
    view("verify-email-wrong-password", "{verify-email}", "The password is wrong")
        .after(&[Fill("Password", "not the password"), Click("Verify")]),
    view("disown-account", "{disown-account}", "This was not you?"),
    view("disown-account-without-token", "/disown-account", "It stands in the mail."),
    view("disown-account-done", "{disown-account}", "The account is deleted.")
        .after(&[Click("It was not me: delete the account")]),
    view("accept-invitation", "{accept-invitation}", "Join the team"),
    view("accept-invitation-without-token", "/accept-invitation", "It stands in the mail."),
    view("accept-invitation-register", "{accept-invitation}", "Register and join the team").after(&[Click("Join")]),
    view("accept-invitation-refused", "{accept-invitation}", "Some of it cannot be used").after(&[
        Click("Join"),
        Fill("First name", "Firstname"),
        Fill("Last name", "Lastname"),
        Fill("E-mail address", "guest@example.org"),
        Fill("Password", "short1!"),
        Click("Register and join"),
    ]),
    view("confirm-email-change", "{confirm-email-change}", "Use this e-mail address"),
    view("confirm-email-change-without-token", "/confirm-email-change", "It stands in the mail."),
    view("confirm-email-change-done", "{confirm-email-change}", "Your account has the new e-mail address.")
        .after(&[Click("Use this address")]),
    view("docs-errors", "/docs/errors", "Error codes"),
];

const ACCOUNT: &[View] = &[
    view("front-signed-in", "/", "Your account"),
    view("account", "/account", "Export your data"),
    view("account-name-refused", "/account", "Some of it cannot be used")
        .after(&[Fill("First name", "\u{200b}"), Click("Save the name")]),
    view("account-name-done", "/account", "Your name is saved.")
        .after(&[Fill("First name", LONG_NAME), Click("Save the name")]),
    view("account-email", "/account/email", "Back to your account"),
    view("account-email-refused", "/account/email", "The current password is wrong.").after(&[
        Fill("New e-mail address", "other@example.org"),
        Fill("Current password", "not the password"),
        Click("Send the mail"),
    ]),
    view("account-password", "/account/password", "Back to your account"),
    view("account-password-refused", "/account/password", "Some of it cannot be used").after(&[
        Fill("Current password", PASSWORD),
        Fill("New password", "short1!"),
        Click("Change the password"),
    ]),
    view("account-sessions", "/account/sessions", "Where you are signed in"),
    view("account-delete", "/account/delete", "Keep it"),
    view("account-delete-refused", "/account/delete", "The current password is wrong.")
        .after(&[Fill("Current password", "not the password"), Click("Delete the account for good")]),
];

/// As long as a name may be, without a place to break it.
const LONG_NAME: &str =
    "Aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiiiiiijjjjjjjjjj";

/// What is for developers and made by others: their accessibility and weight are not ours.
pub(in crate::browser) const TOOLS: &[View] = &[view("docs", "/docs", "/auth/register")];
