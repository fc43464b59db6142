//! The colour of a product on the pages.

use countersign_domain::color::{Accent, Color, Scheme};

/// What text stands on in the light and in the dark: the page, and what is set off from it.
const LIGHT: [Color; 2] = [Color::WHITE, Color::of([0xf4, 0xf5, 0xf8])];
const DARK: [Color; 2] = [Color::of([0x17, 0x18, 0x1c]), Color::of([0x21, 0x23, 0x29])];

/// The accent in the light and in the dark, as a stylesheet.
pub(crate) fn stylesheet(color: Color) -> String {
    let accent = |Accent { color, words }: Accent| format!("--accent: {color}; --on-accent: {words};");
    let (light, dark) = (color.accent_on(&LIGHT, Scheme::Light), color.accent_on(&DARK, Scheme::Dark));
    let (light, dark) = (accent(light), accent(dark));
    format!(":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grounds_are_those_of_the_stylesheet() {
        let sheet = include_str!("../pages.css");
        let (light, dark) = sheet.split_once("@media (prefers-color-scheme: dark)").unwrap();
        for (part, [paper, shade]) in [(light, LIGHT), (dark, DARK)] {
            assert!(part.contains(&format!("--paper: {paper};")) && part.contains(&format!("--shade: {shade};")));
        }
    }
}
