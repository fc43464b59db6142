//! Pages for everybody: what axe-core can tell, and that nobody scrolls sideways. Each is photographed on the way.

use crate::browser::links::Links;
use crate::browser::pages::{PAGES, TOOLS};
use crate::browser::screen::SCREENS;
use crate::browser::site::Site;
use crate::browser::views::Visitor;

/// Every page for this visitor, in light and dark, narrow and wide.
async fn assert_accessible(visitor: Visitor) {
    let Some(site) = Site::open().await else { return };
    let links = Links::of(&site.server).await;
    let mut findings = Vec::new();
    site.browser.come_as(visitor).await;
    for (_, views) in PAGES.iter().filter(|(theirs, _)| *theirs == visitor) {
        for view in *views {
            site.browser.show(view, &links).await;
            for screen in SCREENS {
                site.browser.look_on(screen).await;
                let state = format!("{}-{}", view.name, screen.name);
                let violations = site.browser.violations().await;
                findings.extend(violations.iter().map(|violation| format!("{state}: {violation}")));
                let overhang = site.browser.overhang(screen).await;
                if overhang > 0 {
                    findings.push(format!("{state}: {overhang} pixels wider than the screen"));
                }
                site.browser.photograph(&state).await;
            }
        }
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    site.close().await;
}

#[tokio::test]
async fn pages_for_everybody_are_accessible() {
    assert_accessible(Visitor::Anybody).await;
}

#[tokio::test]
async fn pages_of_an_account_are_accessible() {
    assert_accessible(Visitor::Owner).await;
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

#[tokio::test]
async fn what_is_wrong_with_a_page_is_found() {
    let Some(site) = Site::open().await else { return };
    let [screen, ..] = SCREENS;
    site.browser.look_on(screen).await;
    site.browser.open("/reset-password").await;
    assert_eq!(site.browser.overhang(screen).await, 0);
    assert_eq!(site.browser.violations().await, Vec::<String>::new());
    let script = "
        document.documentElement.removeAttribute('lang');
        document.querySelectorAll('label').forEach(label => label.remove());
        document.querySelector('h1').style.color = '#ccc';
        document.querySelector('button').style.width = '200vw';";
    site.browser.session().run(script, &[]).await;
    let violations = site.browser.violations().await;
    for rule in ["html-has-lang", "label", "color-contrast"] {
        let is_found = violations.iter().any(|violation| violation.starts_with(&format!("{rule} (")));
        assert!(is_found, "{rule} is not in {violations:#?}");
    }
    assert!(site.browser.overhang(screen).await > 0);
    site.close().await;
}
