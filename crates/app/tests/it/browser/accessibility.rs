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

#[tokio::test]
async fn what_is_not_marked_or_not_seen_any_more_is_found() {
    let Some(site) = Site::open().await else { return };
    let [desk, .., narrow] = SCREENS;
    let browser = &site.browser;
    browser.look_on(narrow).await;
    browser.open("/register").await;
    assert_eq!(browser.wrong_marks().await, Vec::<String>::new());
    assert_eq!(browser.lost_when_spaced().await, Vec::<String>::new());
    browser.look_on(desk).await;
    assert_eq!(browser.stops_without_focus().await, Vec::<String>::new());
    assert_eq!(browser.unseen_in_forced_colors().await, Vec::<String>::new());
    let script = "
        const [field, last] = document.querySelectorAll('main input'), password = document.querySelector('#password');
        password.ariaInvalid = 'true';
        password.removeAttribute('aria-describedby');
        password.style.border = '1px solid';
        field.style.outline = 'none';
        const button = document.querySelector('main button');
        [button.style.width, button.style.whiteSpace] = ['4rem', 'nowrap'];
        last.style.border = 'none';
        const words = document.querySelector('main .links li');
        [words.style.forcedColorAdjust, words.style.color] = ['none', '#ccc'];
        document.querySelector('nav a').style.borderBottom = '3px solid transparent';";
    browser.session().run(script, &[]).await;
    let is_in = |findings: &[String], awaited: &str| {
        assert!(findings.iter().any(|found| found.contains(awaited)), "{awaited} is not in {findings:#?}");
    };
    let marks = browser.wrong_marks().await;
    is_in(&marks, "password is not described by password-hint");
    is_in(&marks, "password does not look wrong");
    let unseen = browser.unseen_in_forced_colors().await;
    for awaited in [
        "has no border",
        "cannot be read",
        "does not look wrong",
        "is not told from where one is",
        "does not show that it has the focus",
    ] {
        is_in(&unseen, awaited);
    }
    browser.look_on(narrow).await;
    is_in(&browser.lost_when_spaced().await, "reaches out of button");
    let script = "
        const heading = document.querySelector('h1'), next = document.querySelector('main label');
        [heading.style.marginBottom, next.style.marginTop] = ['0', '-2.4rem'];
        next.style.width = '200vw';";
    browser.session().run(script, &[]).await;
    let lost = browser.lost_when_spaced().await;
    for awaited in ["stand on each other", "pixels wider than the screen"] {
        is_in(&lost, awaited);
    }
    site.close().await;
}
