//! What is wrong with a page, on any screen; and a picture of it on each.

use crate::browser::links::Links;
use crate::browser::screen::SCREENS;
use crate::browser::site::Site;
use crate::browser::views::View;

/// Tokens of mails stand in mails.
const SHOWS_MAILS: [&str; 1] = ["mailbox-mail"];

impl Site {
    /// Brings a page into this state, and says what is wrong with it.
    pub(in crate::browser) async fn findings(&self, view: &View, links: &Links) -> Vec<String> {
        let [desk, ..] = SCREENS;
        self.browser.look_on(desk).await;
        self.browser.show(view, links).await;
        self.examine(view.name, view.is_first_load()).await
    }

    /// What is wrong with the page that is shown on a desk, by day. What came before it since answers were last asked for
    /// was on the way to it.
    pub(in crate::browser) async fn examine(&self, name: &str, is_first_load: bool) -> Vec<String> {
        let browser = &self.browser;
        let answers = browser.answers().await;
        let mut findings = self.wrong_policies_of(&answers);
        if is_first_load {
            let page = answers.iter().rfind(|answer| !answer.is_in_frame);
            findings.extend(browser.burden(name, page).await);
        }
        if !SHOWS_MAILS.contains(&name) {
            findings.extend(self.in_reach_of_scripts().await);
        }
        findings.extend(browser.wrong_marks().await);
        let mut findings: Vec<String> = findings.iter().map(|finding| format!("{name}: {finding}")).collect();
        for screen in SCREENS {
            browser.look_on(screen).await;
            let state = format!("{name}-{}", screen.name);
            let mut wrong = browser.violations(screen).await;
            let overhang = browser.overhang(screen).await;
            if overhang > 0 {
                wrong.push(format!("{overhang} pixels wider than the screen"));
            }
            browser.photograph(&state).await;
            findings.extend(wrong.into_iter().map(|finding| format!("{state}: {finding}")));
        }
        // On the narrow screen that is still there.
        let lost = browser.lost_when_spaced().await;
        findings.extend(lost.into_iter().map(|finding| format!("{name}, spaced: {finding}")));
        // Last, for they move the focus.
        let [desk, ..] = SCREENS;
        browser.look_on(desk).await;
        let stops = browser.stops_without_focus().await;
        findings.extend(stops.into_iter().map(|stop| format!("{name}: {stop}")));
        let unseen = browser.unseen_in_forced_colors().await;
        findings.extend(unseen.into_iter().map(|finding| format!("{name}, in forced colours: {finding}")));
        findings
    }
}
