//! Where links of mails lead that were followed before, or that something else has come before; and one in time.

use crate::browser::views::Step::{Click, Fill};
use crate::browser::views::{View, alerted, told};
use crate::support::PASSWORD;

pub(in crate::browser) const PAGES: &[View] = &[
    told("verify-email-done", "{fresh-verification}", &[Fill("Password", PASSWORD), Click("Verify")]),
    alerted("verify-email-used-up", "{used-verification}", &[Fill("Password", PASSWORD), Click("Verify")]),
    alerted("disown-account-too-late", "{disowned-too-late}", &[Click("It was not me: delete the account")]),
    alerted("confirm-email-change-used-up", "{used-change}", &[Click("Use this address")]),
    alerted("confirm-email-change-taken", "{change-to-taken}", &[Click("Use this address")]),
    alerted("accept-invitation-withdrawn", "{withdrawn}", &[Click("Join")]),
    told("accept-invitation-again", "{joined}", &[Click("Join")]),
    alerted("accept-invitation-used-up", "{left}", &[Click("Join")]),
];

/// Where nobody is told whether an address has an account.
pub(in crate::browser) const CONCEALED: &[View] = &[
    told(
        "register-concealed",
        "/register",
        &[
            Fill("First name", "Firstname"),
            Fill("Last name", "Lastname"),
            Fill("E-mail address", "new.person@example.org"),
            Fill("Password", "nine green lanterns"),
            Click("Register"),
        ],
    ),
    told(
        "accept-invitation-concealed",
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
];
