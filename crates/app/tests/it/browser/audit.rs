//! What axe-core (`axe.min.js`) has against a page: WCAG 2.2, A and AA, and what it calls best practices.

use serde_json::Value;

use crate::browser::person::Browser;

const AXE: &str = include_str!("axe.min.js");

/// The size of targets, which is new in WCAG 2.2, is not asked for by its tag alone.
const RUN: &str = "
    return axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        rules: {'target-size': {enabled: true}},
        resultTypes: ['violations'],
    }).then(results => results.violations.flatMap(rule => rule.nodes.map(node =>
        `${rule.id} (${rule.help}) at ${node.target.join(' ')}: ${node.failureSummary.replace(/\\s+/g, ' ')}`)));";

impl Browser {
    /// Every violation on the page as it is shown now, with its place.
    pub(crate) async fn violations(&self) -> Vec<String> {
        if self.session().run("return window.axe === undefined", &[]).await == Value::Bool(true) {
            self.session().run(AXE, &[]).await;
        }
        let violations = self.session().run(RUN, &[]).await;
        violations.as_array().unwrap().iter().map(|violation| violation.as_str().unwrap().to_owned()).collect()
    }
}
