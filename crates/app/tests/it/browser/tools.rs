//! What is for developers and made by others, or as mail programs show it: what of it is ours is held to what every page
//! is, and what is found of the rest is what is known of it.

use serde_json::json;

use crate::browser::links::Links;
use crate::browser::pages::TOOLS;
use crate::browser::screen::SCREENS;
use crate::browser::site::Site;

/// Rules of axe-core that Swagger UI does not keep, as it comes; docs/pages.md names them.
const OF_SWAGGER_UI: [&str; 5] =
    ["color-contrast", "heading-order", "nested-interactive", "select-name", "target-size"];

/// Octets of the page with the program that it loads, and how many answers those are.
const HEAVIEST_PROGRAM: (u64, usize) = (700 * 1024, 6);

#[tokio::test]
async fn pages_that_others_made_keep_to_their_policy() {
    let Some(site) = Site::open().await else { return };
    let links = Links::of(&site.server).await;
    for view in TOOLS {
        site.browser.answers().await;
        site.browser.show(view, &links).await;
        let answers = site.browser.answers().await;
        assert_eq!(site.wrong_policies_of(&answers), Vec::<String>::new(), "{}", view.name);
        for screen in SCREENS {
            site.browser.look_on(screen).await;
            site.browser.photograph(&format!("{}-{}", view.name, screen.name)).await;
        }
    }
    site.close().await;
}

#[tokio::test]
async fn what_is_found_of_the_program_to_try_the_api_with_is_what_is_known_of_it() {
    let Some(site) = Site::open().await else { return };
    site.browser.forget_between_pages().await;
    site.browser.open("/docs").await;
    site.browser.see("/auth/register").await;
    let (octets, answers) = site.browser.load().await;
    let (most_octets, most_answers) = HEAVIEST_PROGRAM;
    assert!(octets <= most_octets && answers <= most_answers, "{octets} octets in {answers} answers");
    let mut rules = Vec::new();
    for screen in SCREENS {
        site.browser.look_on(screen).await;
        rules.extend(site.browser.violations(screen).await);
        assert_eq!(site.browser.overhang(screen).await, 0, "{}", screen.name);
    }
    let mut known: Vec<&str> =
        rules.iter().filter_map(|finding| finding.split_once(' ')).map(|(rule, _)| rule).collect();
    known.sort_unstable();
    known.dedup();
    assert_eq!(known, OF_SWAGGER_UI, "{rules:#?}");
    site.close().await;
}

/// What is there before the program is, or without it.
#[tokio::test]
async fn what_is_ours_of_the_page_to_try_the_api_on_is_accessible_and_light() {
    let Some(site) = Site::open().await else { return };
    site.browser.forget_between_pages().await;
    // With scripts off axe-core would not run either.
    let start = json!({"urls": ["*/docs/assets/start.js"]});
    site.browser.session().develop("Network.setBlockedURLs", &start).await;
    let [desk, ..] = SCREENS;
    site.browser.look_on(desk).await;
    site.browser.answers().await;
    site.browser.open("/docs").await;
    site.browser.see("The API is described in").await;
    let answers = site.browser.answers().await;
    assert_eq!(site.wrong_policies_of(&answers), Vec::<String>::new());
    let page = answers.last().unwrap();
    assert!(page.redirects == 0 && page.octets.is_some_and(|octets| octets <= 2_048), "{page:?}");
    for screen in SCREENS {
        site.browser.look_on(screen).await;
        assert_eq!(site.browser.violations(screen).await, Vec::<String>::new(), "{}", screen.name);
        assert_eq!(site.browser.overhang(screen).await, 0, "{}", screen.name);
        site.browser.photograph(&format!("docs-without-scripts-{}", screen.name)).await;
    }
    assert_eq!(site.browser.lost_when_spaced().await, Vec::<String>::new());
    site.browser.look_on(desk).await;
    assert_eq!(site.browser.stops_without_focus().await, Vec::<String>::new());
    site.close().await;
}
