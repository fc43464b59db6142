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
    /// The variables of a part of the stylesheet.
    fn variable(part: &str, name: &str) -> Color {
        let (_, rest) = part.split_once(&format!("--{name}: ")).unwrap();
        Color::parse(rest.split(';').next().unwrap()).unwrap()
    }

    /// Whatever stands on whatever on some screen can be read there (WCAG 2.2, 1.4.3).
    #[test]
    fn what_is_written_can_be_read_on_every_ground_of_its_scheme() {
        let sheet = include_str!("../pages.css");
        let (light, dark) = sheet.split_once("@media (prefers-color-scheme: dark)").unwrap();
        for part in [light, dark] {
            for words in ["ink", "soft", "accent", "alarm", "good", "warn"] {
                for ground in ["ground", "paper", "field", "shade"] {
                    let contrast = variable(part, words).contrast(variable(part, ground));
                    assert!(contrast >= 4.5, "{words} on {ground}: {contrast}");
                }
            }
            for (words, ground) in [("on-accent", "accent"), ("on-alarm", "alarm")] {
                let contrast = variable(part, words).contrast(variable(part, ground));
                assert!(contrast >= 4.5, "{words} on {ground}: {contrast}");
            }
        }
    }

    /// The scheme changes nothing else, and no rule has a colour for one width alone: the browser's tests need not look at
    /// each width in each scheme.
    #[test]
    fn schemes_change_variables_alone_and_widths_no_colour() {
        let sheet = include_str!("../pages.css");
        let (_, dark) = sheet.split_once("@media (prefers-color-scheme: dark) {").unwrap();
        let rules: String = dark.split_once("\n}\n").unwrap().0.split_whitespace().collect();
        let (variables, rest) = rules.strip_prefix(":root{").and_then(|rest| rest.split_once('}')).unwrap();
        assert!(rest.is_empty() && variables.split_terminator(';').all(|line| line.starts_with("--")), "{rules}");
        assert_eq!(sheet.matches("prefers-color-scheme").count(), 1);
        for part in sheet.split("@media (max-width").skip(1) {
            let part = part.split_once("\n}\n").unwrap().0;
            assert!(!part.contains('#') && !part.contains("rgb") && !part.contains("color:"), "{part}");
        }
    }
}
