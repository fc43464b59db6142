//! Where Tab leads on a page, and whether that is seen.

use serde_json::Value;

use crate::browser::person::{Browser, TAB};

/// Gives the focus to each stop in turn. A frame has stops of its own.
const GO_ROUND: &str = "
    const named = stop => `${stop.localName} «${(stop.ariaLabel || stop.innerText || stop.name || '').trim()}»`;
    const kinds = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex=\"0\"]';
    const stops = [...document.querySelectorAll(kinds)].filter(stop => stop.checkVisibility() && !stop.disabled);
    const findings = stops.filter(stop => stop.tabIndex > 0).map(stop => `${named(stop)} is out of turn`);
    let before = -Infinity;
    for (const stop of stops) {
        stop.focus();
        if (document.activeElement !== stop) {
            findings.push(`${named(stop)} does not take the focus`);
            continue;
        }
        const style = getComputedStyle(stop);
        const isOutlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
        if (!isOutlined && style.boxShadow === 'none') {
            findings.push(`${named(stop)} does not show that it has the focus`);
        }
        const place = stop.getBoundingClientRect();
        if (stop.closest('main')) {
            if (place.bottom + scrollY <= before) findings.push(`${named(stop)} stands above the stop before it`);
            before = place.top + scrollY;
        }
    }
    return findings;";

impl Browser {
    /// What is wrong with where Tab leads: stops that do not show that they have the focus (WCAG 2.2, 2.4.7), or that
    /// stand above those before them (2.4.3).
    pub(in crate::browser) async fn stops_without_focus(&self) -> Vec<String> {
        // From now on the browser takes the person for one who uses the keyboard.
        self.press(TAB).await;
        self.told_by(GO_ROUND, &[]).await
    }

    /// Whether what has the focus shows it.
    pub(in crate::browser) async fn shows_focus(&self) -> bool {
        let script = "
            const style = getComputedStyle(document.activeElement);
            const isOutlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
            return isOutlined || style.boxShadow !== 'none';";
        self.session().run(script, &[]).await == Value::Bool(true)
    }
}
