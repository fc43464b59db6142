//! Every page is gone through as each visitor: what axe-core can tell, that nobody scrolls sideways, that the focus is
//! always seen, and what a page weighs. Each is photographed on the way.

use crate::browser::links::Links;
use crate::browser::pages::{BROKEN, PAGES, TOOLS, UNAVAILABLE};
use crate::browser::people::SUPERUSER;
use crate::browser::screen::SCREENS;
use crate::browser::site::Site;
use crate::browser::views::{View, Visitor};
use crate::browser::{company, late};
use crate::support::{PASSWORD, Setup};

/// Tokens of mails stand in mails.
const SHOWS_MAILS: [&str; 1] = ["mailbox-mail"];

impl Site {
    /// What is wrong with this page, on any screen.
    async fn findings(&self, view: &View, links: &Links) -> Vec<String> {
        let browser = &self.browser;
        let [desk, ..] = SCREENS;
        browser.look_on(desk).await;
        browser.show(view, links).await;
        let mut findings = Vec::new();
        let too_heavy = if view.is_first_load() { browser.burden().await } else { None };
        findings.extend(too_heavy);
        findings.extend(self.wrong_policies().await);
        if !SHOWS_MAILS.contains(&view.name) {
            findings.extend(self.in_reach_of_scripts().await);
        }
        let mut findings: Vec<String> = findings.iter().map(|finding| format!("{}: {finding}", view.name)).collect();
        for screen in SCREENS {
            browser.look_on(screen).await;
            let state = format!("{}-{}", view.name, screen.name);
            let mut wrong = browser.violations(screen).await;
            let overhang = browser.overhang(screen).await;
            if overhang > 0 {
                wrong.push(format!("{overhang} pixels wider than the screen"));
            }
            browser.photograph(&state).await;
            findings.extend(wrong.into_iter().map(|finding| format!("{state}: {finding}")));
        }
        // Last, for it moves the focus.
        browser.look_on(desk).await;
        let lost = browser.stops_without_focus().await;
        findings.extend(lost.into_iter().map(|stop| format!("{}: {stop}", view.name)));
        findings
    }
}

/// Goes through every page that this visitor sees.
async fn assert_all_is_well(visitor: Visitor) {
    let Some(site) = Site::of(visitor.setup()).await else { return };
    let mut links = match visitor {
        Visitor::First | Visitor::Latecomer | Visitor::Unknown => Links::none(),
        _ => Links::of(&site.server).await,
    };
    match visitor {
        Visitor::Latecomer => late::gather(&site.server, &mut links).await,
        Visitor::Unknown => late::conceal(&site.server, &mut links).await,
        _ if visitor.is_in_company() => company::gather(&site.server, &mut links).await,
        _ => {}
    }
    site.browser.forget_between_pages().await;
    site.browser.come_as(visitor).await;
    let mut findings = Vec::new();
    for (_, views) in PAGES.iter().filter(|(theirs, _)| *theirs == visitor) {
        for view in *views {
            findings.extend(site.findings(view, &links).await);
        }
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    site.close().await;
}

#[tokio::test]
async fn pages_of_a_service_that_nobody_used_are_accessible_and_light() {
    assert_all_is_well(Visitor::First).await;
}

#[tokio::test]
async fn pages_for_everybody_are_accessible_and_light() {
    assert_all_is_well(Visitor::Anybody).await;
}

#[tokio::test]
async fn pages_that_late_links_lead_to_are_accessible_and_light() {
    assert_all_is_well(Visitor::Latecomer).await;
}

#[tokio::test]
async fn pages_that_conceal_who_has_an_account_are_accessible_and_light() {
    assert_all_is_well(Visitor::Unknown).await;
}

#[tokio::test]
async fn pages_of_an_outage_are_accessible_and_light() {
    let setup = Setup::default().set("DATABASE__ACQUIRE_TIMEOUT", "500ms").set("DATABASE__STATEMENT_TIMEOUT", "500ms");
    let Some(site) = Site::of(setup).await else { return };
    site.server.create_superuser(SUPERUSER, PASSWORD);
    let rows = site.server.rows().await;
    site.browser.forget_between_pages().await;
    let mut findings = Vec::new();
    for (visitor, view) in UNAVAILABLE {
        site.browser.come_as(*visitor).await;
        let held = rows.hold().await;
        findings.extend(site.findings(view, &Links::none()).await);
        assert_eq!(site.browser.status().await, 503, "{}", view.name);
        held.release().await;
    }
    site.browser.come_as(Visitor::Superuser).await;
    rows.execute("ALTER TABLE user_teams RENAME TO user_teams_away").await;
    findings.extend(site.findings(BROKEN, &Links::none()).await);
    assert_eq!(site.browser.status().await, 500);
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    site.close().await;
}

#[tokio::test]
async fn pages_of_an_account_are_accessible_and_light() {
    assert_all_is_well(Visitor::Owner).await;
}

#[tokio::test]
async fn pages_of_whoever_is_invited_are_accessible_and_light() {
    assert_all_is_well(Visitor::Unverified).await;
}

#[tokio::test]
async fn pages_of_an_admin_of_teams_are_accessible_and_light() {
    assert_all_is_well(Visitor::Admin).await;
}

#[tokio::test]
async fn pages_of_a_member_of_a_team_are_accessible_and_light() {
    assert_all_is_well(Visitor::Member).await;
}

#[tokio::test]
async fn pages_of_the_console_are_accessible_and_light() {
    assert_all_is_well(Visitor::Superuser).await;
}

#[tokio::test]
async fn pages_that_others_made_keep_to_their_policy() {
    let Some(site) = Site::open().await else { return };
    let links = Links::of(&site.server).await;
    for view in TOOLS {
        site.browser.show(view, &links).await;
        for screen in SCREENS {
            site.browser.look_on(screen).await;
            site.browser.photograph(&format!("{}-{}", view.name, screen.name)).await;
        }
    }
    site.close().await;
}
