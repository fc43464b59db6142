//! That what is wrong with a page is found, before anything is said of those that nothing is found of.

use crate::browser::screen::SCREENS;
use crate::browser::site::Site;

#[tokio::test]
async fn what_is_wrong_with_a_page_is_found() {
    let Some(site) = Site::open().await else { return };
    let [screen, ..] = SCREENS;
    site.browser.look_on(screen).await;
    site.browser.open("/sign-in").await;
    assert_eq!(site.browser.overhang(screen).await, 0);
    assert_eq!(site.browser.violations(screen).await, Vec::<String>::new());
    assert_eq!(site.browser.stops_without_focus().await, Vec::<String>::new());
    let script = "
        document.documentElement.removeAttribute('lang');
        document.querySelectorAll('label').forEach(label => label.remove());
        document.querySelector('h1').style.color = '#ccc';
        document.querySelector('main button').style.width = '200vw';
        document.querySelector('main button').style.outline = 'none';
        document.querySelector('main input').style.marginTop = '40rem';
        document.querySelector('main').style.display = 'flex';
        document.querySelector('main').style.flexDirection = 'column-reverse';";
    site.browser.session().run(script, &[]).await;
    let violations = site.browser.violations(screen).await;
    for rule in ["html-has-lang", "label", "color-contrast"] {
        let is_found = violations.iter().any(|violation| violation.starts_with(&format!("{rule} (")));
        assert!(is_found, "{rule} is not in {violations:#?}");
    }
    assert!(site.browser.overhang(screen).await > 0);
    let stops = site.browser.stops_without_focus().await;
    for finding in ["does not show that it has the focus", "stands above the stop before it"] {
        assert!(stops.iter().any(|stop| stop.contains(finding)), "{finding} is not in {stops:#?}");
    }
    site.close().await;
}
