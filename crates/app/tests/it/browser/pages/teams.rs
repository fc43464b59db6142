//! Teams as their admin sees them: one has 200 members.

use crate::browser::pages::LONG_NAME;
use crate::browser::views::Step::{Choose, Click, Fill};
use crate::browser::views::{View, alerted, refused, told, view};

const TEAM: &str = "/account/teams/{team}";
const INVITATIONS: &str = "/account/teams/{team}/invitations";
const SETTINGS: &str = "/account/teams/{team}/settings";
const REMOVAL: &str = "/account/teams/{team}/members/{member}/remove";
const LEAVING: &str = "/account/teams/{team}/members/{admin}/remove";
const DELETION: &str = "/account/teams/{new-team}/delete";

/// One more than are taken at once.
const TOO_MANY: &str = "a@example.org, b@example.org, c@example.org, d@example.org, e@example.org, f@example.org,
    g@example.org, h@example.org, i@example.org, j@example.org, k@example.org, l@example.org, m@example.org,
    n@example.org, o@example.org, p@example.org, q@example.org, r@example.org, s@example.org, t@example.org,
    u@example.org";

pub(in crate::browser) const PAGES: &[View] = &[
    view("teams", "/account/teams", "Create a team"),
    view("teams-next-page", "/account/teams", "First page").after(&[Click("Next page")]),
    view("team", TEAM, "Leave the team"),
    view("team-next-page", TEAM, "First page").after(&[Click("Next page")]),
    view("team-last-admin", TEAM, "The only admin."),
    view("team-last-admin-leaves", LEAVING, "Choose another admin"),
    view("account-delete-last-admin", "/account/delete", "You are the only admin of teams"),
    told("team-role-changed", TEAM, &[Click("Make admin: Firstname Lastname 003")]),
    view("team-removal", REMOVAL, "Keep the member"),
    told("team-removal-done", REMOVAL, &[Click("Remove from the team")]),
    view("team-without-others", "/account/teams/{new-team}", "Invite people"),
    view("invitations", INVITATIONS, "mail not delivered"),
    refused(
        "invitations-refused",
        INVITATIONS,
        "E-mail addresses",
        &[
            Fill(
                "E-mail addresses",
                "one@example.org\nnot an address\ntwo@example.org, member of nothing <three@example.org>",
            ),
            Choose("Role", "Admin"),
            Click("Invite"),
        ],
    ),
    refused("invitations-nobody", INVITATIONS, "E-mail addresses", &[Fill("E-mail addresses", ","), Click("Invite")]),
    refused(
        "invitations-too-many",
        INVITATIONS,
        "E-mail addresses",
        &[Fill("E-mail addresses", TOO_MANY), Click("Invite")],
    ),
    told(
        "invitations-done",
        INVITATIONS,
        &[Fill("E-mail addresses", "four@example.org\nfive@example.org"), Click("Invite")],
    ),
    told("invitation-resent", INVITATIONS, &[Click("Send again: failed@example.org")]),
    // An address gets two a day.
    alerted("invitation-resent-too-often", INVITATIONS, &[Click("Send again: failed@example.org")]),
    told("invitation-revoked", INVITATIONS, &[Click("Withdraw: expired@example.org")]),
    view("invitations-none", "/account/teams/{new-team}/invitations", "Nobody is invited at the moment."),
    view("team-settings", SETTINGS, "Delete the team"),
    refused("team-settings-refused", SETTINGS, "Name", &[Fill("Name", "\u{200b}"), Click("Save")]),
    told("team-settings-done", SETTINGS, &[Fill("Name", LONG_NAME), Click("Save")]),
    view("team-delete", DELETION, "Keep the team"),
    refused(
        "team-delete-refused",
        DELETION,
        "Name of the team",
        &[Fill("Name of the team", "Another"), Click("Delete the team for good")],
    ),
    told("team-delete-done", DELETION, &[Fill("Name of the team", "New team"), Click("Delete the team for good")]),
];
