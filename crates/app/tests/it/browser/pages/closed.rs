//! A service that takes nobody in, and lets nobody try passwords.

use crate::browser::views::Step::{Click, Fill};
use crate::browser::views::{View, alerted, view};

pub(in crate::browser) const PAGES: &[View] = &[
    view("front-closed", "/", "Accounts and teams"),
    view("sign-in-closed", "/sign-in", "Forgot your password?"),
    alerted("register-closed", "/register", &[]),
    alerted(
        "sign-in-too-often",
        "/sign-in",
        &[
            Fill("E-mail address", "nobody@example.org"),
            Fill("Password", "not the password"),
            Click("Sign in"),
            Fill("Password", "not the password"),
            Click("Sign in"),
        ],
    ),
];
