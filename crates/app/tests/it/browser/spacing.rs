//! Text that is spaced as widely as whoever reads it may want (WCAG 2.2, 1.4.12), on the narrow screen.

use serde_json::Value;

use crate::browser::person::Browser;

const SPACED: &str = "
    * { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
    p { margin-bottom: 2em !important; }";

/// Looks for lines that reach out of the screen or of what is around them, that are cut off, or that stand on each other.
/// A sheet that is made by a script is none that the policy asks about.
const LOST: &str = "
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(arguments[0]);
    document.adoptedStyleSheets = [sheet];
    const findings = [], lines = [], width = document.documentElement.clientWidth;
    const lies = (line, place) => line.left >= place.left - 1 && line.right <= place.right + 1
        && line.top >= place.top - 1 && line.bottom <= place.bottom + 1;
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text; text = texts.nextNode();) {
        const holder = text.parentElement, says = `«${text.data.trim().slice(0, 40)}»`;
        if (!text.data.trim() || !holder.checkVisibility({contentVisibilityAuto: true}) || holder.closest('.skip, select')) continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        const frames = [holder.closest('button, .button, .mark, .alert, .done, .empty, .verbatim')].filter(Boolean);
        for (let around = holder; around; around = around.parentElement) {
            if (getComputedStyle(around).overflowY !== 'visible') frames.push(around);
        }
        for (const line of range.getClientRects()) {
            if (line.width < 1) continue;
            if (line.left < -1 || line.right > width + 1) findings.push(`${says} reaches beyond the screen`);
            const frame = frames.find(frame => !lies(line, frame.getBoundingClientRect()));
            if (frame) findings.push(`${says} reaches out of ${frame.localName}.${frame.className}`);
            lines.push([line, says]);
        }
    }
    lines.sort(([one], [other]) => one.top - other.top);
    lines.forEach(([line, says], at) => {
        for (const [next, saysNext] of lines.slice(at + 1)) {
            if (next.top > line.bottom - 3) break;
            const shared = Math.min(line.right, next.right) - Math.max(line.left, next.left);
            if (shared > 3) findings.push(`${says} and ${saysNext} stand on each other`);
        }
    });
    const wider = document.documentElement.scrollWidth - width;
    if (wider > 0) findings.push(`${wider} pixels wider than the screen`);
    document.adoptedStyleSheets = [];
    return findings;";

impl Browser {
    /// What nobody can read any more where text is spaced.
    pub(in crate::browser) async fn lost_when_spaced(&self) -> Vec<String> {
        self.told_by(LOST, &[Value::from(SPACED)]).await
    }
}
