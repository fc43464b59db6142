//! A person's own few colours in place of all others (CSS Color Adjustment, `forced-colors`): what was told by a colour has to
//! be told otherwise.

use serde_json::json;

use crate::browser::person::Browser;

/// What has a border keeps one that is seen against what it stands on, and so does what has the focus (3 to 1: WCAG 2.2,
/// 1.4.11); words are read (4.5 to 1).
const UNSEEN: &str = "
    const channels = color => color.match(/[\\d.]+/g).map(Number);
    const luminance = color => {
        const [red, green, blue] = channels(color).map(part => part / 255)
            .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
        return .2126 * red + .7152 * green + .0722 * blue;
    };
    const contrast = (one, other) => {
        const [less, more] = [luminance(one), luminance(other)].sort((a, b) => a - b);
        return (more + .05) / (less + .05);
    };
    const isClear = color => channels(color)[3] === 0;
    const ground = element => {
        const color = getComputedStyle(element).backgroundColor;
        return isClear(color) && element.parentElement ? ground(element.parentElement) : color;
    };
    const named = element => `${element.localName}.${element.className} «${(element.ariaLabel || element.innerText || element.name || '').trim().slice(0, 40)}»`;
    const seen = selector => [...document.querySelectorAll(selector)].filter(element => element.checkVisibility());
    const isDrawn = (style, side, element) => style[`${side}Style`] !== 'none' && parseFloat(style[`${side}Width`]) >= 1
        && !isClear(style[`${side}Color`]) && contrast(style[`${side}Color`], ground(element.parentElement)) >= 3;
    const findings = [];
    if (!matchMedia('(forced-colors: active)').matches) findings.push('no colour is forced');
    for (const element of seen('button, .button, input:not([type=hidden]), select, textarea, .alert, .done, .mark')) {
        const style = getComputedStyle(element);
        const sides = ['borderTop', 'borderRight', 'borderBottom', 'borderLeft'];
        if (element.type !== 'checkbox' && !sides.every(side => isDrawn(style, side, element))) findings.push(`${named(element)} has no border`);
    }
    for (const element of seen('main *, header *')) {
        const says = [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
        if (says && contrast(getComputedStyle(element).color, ground(element)) < 4.5) findings.push(`${named(element)} cannot be read`);
    }
    for (const field of seen('[aria-invalid=true]')) {
        if (parseFloat(getComputedStyle(field).borderTopWidth) < 2) findings.push(`${named(field)} does not look wrong`);
    }
    for (const link of seen('nav a')) {
        const isMarked = isDrawn(getComputedStyle(link), 'borderBottom', link);
        if (!link.matches('.button') && isMarked !== link.hasAttribute('aria-current')) findings.push(`${named(link)} is not told from where one is`);
    }
    for (const stop of seen('a[href], button, input:not([type=hidden]), select, textarea, summary')) {
        stop.focus();
        if (!isDrawn(getComputedStyle(stop), 'outline', stop)) findings.push(`${named(stop)} does not show that it has the focus`);
    }
    return findings;";

impl Browser {
    /// What is not seen any more, or not told apart, where colours are forced. The person uses the keyboard.
    pub(in crate::browser) async fn unseen_in_forced_colors(&self) -> Vec<String> {
        let forced = json!({"features": [{"name": "forced-colors", "value": "active"}]});
        self.session().develop("Emulation.setEmulatedMedia", &forced).await;
        self.told_by(UNSEEN, &[]).await
    }
}
