//! Every page there is, in the states that matter: what is in these tables is read by axe-core, weighed, photographed and
//! heard. A page that comes later is a line here; the table of routes tells which are missing.

mod account;
mod closed;
mod console;
mod invited;
mod late;
mod open;
mod team;
mod teams;

use countersign_web::routes::{Credential, table};

use crate::browser::views::Step::{Click, Fill};
use crate::browser::views::{View, Visitor, alerted, view};
use crate::support::PASSWORD;

/// The pages of the service by who looks at them, in an order in which they can be gone through: what a page uses up or
/// changes comes last.
pub(in crate::browser) const PAGES: &[(Visitor, &[View])] = &[
    (Visitor::First, open::UNUSED),
    (Visitor::Anybody, open::PAGES),
    (Visitor::Latecomer, late::PAGES),
    (Visitor::Unknown, late::CONCEALED),
    (Visitor::TurnedAway, closed::PAGES),
    (Visitor::Owner, account::PAGES),
    (Visitor::Unverified, invited::PAGES),
    (Visitor::Admin, teams::PAGES),
    (Visitor::Member, team::PAGES),
    (Visitor::Superuser, console::ACCOUNTS),
    (Visitor::Overseer, console::TEAMS),
];

/// What is for developers and made by others, or as mail programs show it: their accessibility and weight are not ours.
pub(in crate::browser) const TOOLS: &[View] =
    &[view("docs", "/docs", "/auth/register"), view("mailbox-letter", "/mailbox/{mail}/html", "Accept the invitation")];

/// What is shown while the database takes nothing, and by whom it is looked at: all that superusers look at is written down.
pub(in crate::browser) const UNAVAILABLE: &[(Visitor, View)] = &[
    (Visitor::Superuser, alerted("page-unavailable", "/console/users", &[])),
    (
        Visitor::Anybody,
        alerted(
            "sign-in-unavailable",
            "/sign-in",
            &[Fill("E-mail address", "owner@example.org"), Fill("Password", PASSWORD), Click("Sign in")],
        ),
    ),
];

/// What is shown where the service itself is wrong.
pub(in crate::browser) const BROKEN: &View = &alerted("page-broken", "/account/teams", &[]);

/// As long as a name may be, without a place to break it.
pub(in crate::browser) const LONG_NAME: &str =
    "Aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiiiiiijjjjjjjjjj";

/// Whether this path is one of those that a route is for. Parameters stand in braces in both.
fn is_of(pattern: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    // A link of a mail is called by the page that it leads to.
    let path = if path.starts_with('{') { format!("/{}", path.trim_matches(['{', '}'])) } else { path.to_owned() };
    let is_parameter = |segment: &str| segment.starts_with('{');
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    let alike = |(one, other): (&&str, &&str)| is_parameter(one) && is_parameter(other) || one == other;
    pattern.len() == path.len() && pattern.iter().zip(&path).all(alike)
}

#[test]
fn every_page_of_the_service_is_in_the_table() {
    let views: Vec<&View> = PAGES.iter().flat_map(|(_, views)| *views).chain(TOOLS).collect();
    let is_shown = |pattern: &str| views.iter().any(|view| view.is_first_load() && is_of(pattern, view.path));
    let pages = table().into_iter().filter(|endpoint| endpoint.credential == Credential::Cookie);
    let pages: Vec<String> =
        pages.filter(|page| page.method.as_str() == "GET").map(|endpoint| endpoint.pattern).collect();
    assert!(pages.len() > 30, "{pages:?}");
    let missing: Vec<&String> = pages.iter().filter(|pattern| !is_shown(pattern)).collect();
    assert!(missing.is_empty(), "nobody looks at {missing:?}");
}

#[test]
fn no_two_pictures_have_one_name() {
    let unavailable = UNAVAILABLE.iter().map(|(_, view)| view).chain([BROKEN]);
    let views = PAGES.iter().flat_map(|(_, views)| *views).chain(TOOLS).chain(unavailable);
    let mut names: Vec<&str> = views.map(|view| view.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}
