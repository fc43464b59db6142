//! A team as a member sees it.

use crate::browser::views::Step::Click;
use crate::browser::views::{View, told, view};

const LEAVING: &str = "/account/teams/{team}/members/{member}/remove";

pub(in crate::browser) const PAGES: &[View] = &[
    view("team-of-member", "/account/teams/{team}", "Leave the team"),
    view("team-not-for-members", "/account/teams/{team}/settings", "Only for admins of the team"),
    view("team-unknown", "/account/teams/0190a5d0-7c1e-7e7a-9a53-1f2e3d4c5b6a", "No such team"),
    view("team-leave", LEAVING, "Stay in the team"),
    told("team-leave-done", LEAVING, &[Click("Leave the team")]),
    view("accept-invitation-signed-out", "{accept-invitation}", "Sign in and come back")
        .after(&[Click("Sign out and use another account")]),
];
