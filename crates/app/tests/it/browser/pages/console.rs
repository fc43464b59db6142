//! The console of superusers.

use crate::browser::views::Step::{Choose, Click, Fill};
use crate::browser::views::{View, alerted, refused, told, view};

const USER: &str = "/console/users/{unverified}";
const OWN: &str = "/console/users/{superuser}";
const SEARCH: &str = "Part of a name or an e-mail address";

/// Accounts.
pub(in crate::browser) const ACCOUNTS: &[View] = &[
    view("console", "/console", "Accounts"),
    view("console-users", "/console/users", "Next page"),
    view("console-users-next-page", "/console/users", "First page").after(&[Click("Next page")]),
    view("console-users-found", "/console/users?q=member", "member@example.org"),
    view("console-users-none", "/console/users", "No account matches")
        .after(&[Fill(SEARCH, "nobody of this name"), Click("Search")]),
    view("console-user", "/console/users/{member}", "Last changed"),
    view("console-user-unverified", USER, "unverified@example.org"),
    view("console-user-inactive", "/console/users/{inactive}", "inactive"),
    view("console-user-unknown", "/console/users/0190a5d0-7c1e-7e7a-9a53-1f2e3d4c5b6a", "No such account"),
    told("console-user-mailed", USER, &[Click("Send the mail again: unverified@example.org")]),
    told("console-user-signed-out", USER, &[Click("Sign out everywhere: Firstname Lastname")]),
    view("console-user-in-teams", "/console/users/{member}", "joined"),
    view("console-user-deactivate", "/console/users/{unverified}/change/deactivate", "can be activated again"),
    told(
        "console-user-deactivated",
        "/console/users/{member}/change/deactivate",
        &[Click("Deactivate: Firstname Lastname")],
    ),
    view("console-user-activate", "/console/users/{inactive}/change/activate", "with the password it had"),
    told(
        "console-user-activated",
        "/console/users/{member}",
        &[Click("Activate: Firstname Lastname"), Click("Activate: Firstname Lastname")],
    ),
    view("console-user-appoint", "/console/users/{member}/change/appoint", "can be taken away again"),
    view("console-user-dismiss", "/console/users/{member}/change/dismiss", "can be given again"),
    view("console-user-not-appointed", "/console/users/{unverified}/change/appoint", "once its address is verified"),
    view("console-user-delete", "/console/users/{unverified}/delete", "Keep the account"),
    told("console-user-deleted", "/console/users/{unverified}/delete", &[Click("Delete for good: Firstname Lastname")]),
    view("console-own-account", OWN, "superuser@example.org"),
    view("console-own-account-dismiss", "/console/users/{superuser}/change/dismiss", "your own account"),
    view("console-own-account-deactivate", "/console/users/{superuser}/change/deactivate", "your own account"),
    view("console-own-account-delete", "/console/users/{superuser}/delete", "your own account"),
];

/// Teams and events.
pub(in crate::browser) const TEAMS: &[View] = &[
    view("console-teams", "/console/teams", "no admin"),
    view("console-teams-none", "/console/teams", "No team matches")
        .after(&[Fill("Part of a name", "no team of this name"), Click("Search")]),
    view("console-teams-next-page", "/console/teams", "First page").after(&[Click("Next page")]),
    view("console-team", "/console/teams/{team}", "Open invitations"),
    view("console-team-next-page", "/console/teams/{team}", "First page").after(&[Click("Next page")]),
    view("console-team-without-admin", "/console/teams/{frozen-team}", "no admin"),
    view("console-team-unknown", "/console/teams/0190a5d0-7c1e-7e7a-9a53-1f2e3d4c5b6a", "No such team"),
    view("console-appoint", "/console/teams/{frozen-team}/admin", "Appoint an admin"),
    view("console-appoint-chosen", "/console/teams/{frozen-team}/admin?member={member}", "member@example.org"),
    refused(
        "console-appoint-refused",
        "/console/teams/{frozen-team}/admin",
        "Member",
        &[Fill("Member", "nobody@example.org"), Click("Make this member admin")],
    ),
    told(
        "console-appoint-done",
        "/console/teams/{frozen-team}/admin",
        &[Fill("Member", "member@example.org"), Click("Make this member admin")],
    ),
    alerted(
        "console-appoint-not-needed",
        "/console/teams/{team}/admin",
        &[Fill("Member", "member@example.org"), Click("Make this member admin")],
    ),
    view("console-audit", "/console/audit", "Signed in"),
    view("console-audit-next-page", "/console/audit", "First page").after(&[Click("Next page")]),
    view("console-audit-searched", "/console/audit?user_id={busy}&event=session_moved", "Searched so far"),
    view("console-audit-searched-in-vain", "/console/audit?user_id={busy}&event=team_frozen", "Searched so far"),
    view("console-audit-found", "/console/audit", "Without these conditions")
        .after(&[Choose("What happened", "Address invited"), Click("Show these events")]),
    view("console-audit-of-team", "/console/audit?team_id={team}", "Address invited"),
    view("console-audit-none", "/console/audit", "No event matches")
        .after(&[Choose("What happened", "Team deleted"), Click("Show these events")]),
    refused("console-audit-refused", "/console/audit?team_id=none", "In the team (id)", &[]),
    refused("console-audit-unknown", "/console/audit?event=none", "What happened", &[]),
];
