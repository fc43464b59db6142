//! Every page is gone through as each visitor: what axe-core can tell, that nobody scrolls sideways, that the focus is
//! always seen, and what a page weighs. Each is photographed on the way.

use crate::browser::links::Links;
use crate::browser::pages::{BROKEN, PAGES, UNAVAILABLE};
use crate::browser::people::SUPERUSER;
use crate::browser::site::Site;
use crate::browser::views::Visitor;
use crate::browser::{company, late};
use crate::support::{PASSWORD, Setup};

/// Goes through every page that this visitor sees.
async fn assert_all_is_well(visitor: Visitor) {
    let Some(site) = Site::of(visitor.setup()).await else { return };
    let mut links = match visitor {
        Visitor::First | Visitor::Latecomer | Visitor::Unknown | Visitor::TurnedAway => Links::none(),
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
async fn pages_that_turn_people_away_are_accessible_and_light() {
    assert_all_is_well(Visitor::TurnedAway).await;
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
async fn pages_of_the_console_for_accounts_are_accessible_and_light() {
    assert_all_is_well(Visitor::Superuser).await;
}

#[tokio::test]
async fn pages_of_the_console_for_teams_and_events_are_accessible_and_light() {
    assert_all_is_well(Visitor::Overseer).await;
}
