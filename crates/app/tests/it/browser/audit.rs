//! What axe-core (`axe.min.js`) has against a page: WCAG 2.2, A and AA, and what it calls best practices.

use serde_json::{Value, json};

use crate::browser::person::Browser;
use crate::browser::screen::Screen;

const AXE: &str = include_str!("axe.min.js");

/// The size of targets, which is new in WCAG 2.2, is not asked for by its tag alone. A mail in a frame is not a page.
const RUN: &str = "
    return axe.run(document, {
        runOnly: arguments[0],
        rules: {'target-size': {enabled: true}},
        resultTypes: ['violations', 'incomplete'],
        iframes: false,
    }).then(results => ['violations', 'incomplete'].flatMap(kind => results[kind].flatMap(rule => rule.nodes.map(node =>
        [kind, rule.id, [...node.any, ...node.all, ...node.none].map(check => check.data?.messageKey ?? '').join(),
        `${rule.id} (${rule.help}) at ${node.target.join(' ')}: ${node.failureSummary.replace(/\\s+/g, ' ')}`]))));";

const EVERYTHING: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/// What axe-core cannot decide by itself, by rule and by what it says the reason is, and why that is well.
const UNDECIDED: [(&str, &str); 1] = [
    // The mail in its frame is not a page.
    ("frame-tested", ""),
];

/// What may be otherwise on a narrow screen by night: colours, and place and size of the same elements. A wide screen by
/// night and a narrow one by day have nothing of their own: the scheme changes colours alone, and the colours of words can
/// be read on all grounds of their scheme (the tests of the stylesheet hold both).
const NARROW_BY_NIGHT: [&str; 3] = ["color-contrast", "scrollable-region-focusable", "target-size"];

impl Browser {
    /// Every violation on the page as it is shown on this screen, with its place. Everything is asked on a wide screen by day,
    /// and what may be otherwise on a narrow one by night.
    pub(crate) async fn violations(&self, screen: Screen) -> Vec<String> {
        let rules = match (screen.is_dark(), screen.is_narrow()) {
            (false, false) => json!({"type": "tag", "values": EVERYTHING}),
            (true, true) => json!({"type": "rule", "values": NARROW_BY_NIGHT}),
            _ => return vec![],
        };
        if self.session().run("return window.axe === undefined", &[]).await == Value::Bool(true) {
            self.session().run(AXE, &[]).await;
        }
        let found: Vec<(String, String, String, String)> =
            serde_json::from_value(self.session().run(RUN, &[rules]).await).unwrap();
        let is_open = |(kind, rule, sign): &(&str, &str, &str)| {
            *kind == "violations" || !UNDECIDED.iter().any(|(known, signs)| known == rule && signs == sign)
        };
        let counts = found.iter().filter(|(kind, rule, sign, _)| is_open(&(kind, rule, sign)));
        let told = counts.map(|(kind, _, sign, told)| match kind.as_str() {
            "violations" => told.clone(),
            _ => format!("{told} (cannot be decided: {sign:?})"),
        });
        told.collect()
    }
}
