//! The colour of a product in its mails.

use countersign_domain::color::{Accent, Color, Scheme};
use minijinja::Value;

/// What text stands on in the light and in the dark: the mail, and what is around it.
const LIGHT: [Color; 2] = [Color::WHITE, Color::of([0xf4, 0xf5, 0xf7])];
const DARK: [Color; 2] = [Color::of([0x1f, 0x23, 0x29]), Color::of([0x14, 0x16, 0x1a])];

/// Of links and buttons in the light and in the dark.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accents {
    light: Accent,
    dark: Accent,
}

impl Default for Accents {
    fn default() -> Self {
        Self {
            light: Accent { color: Color::of([0x1f, 0x5f, 0xbf]), words: Color::WHITE },
            dark: Accent { color: Color::of([0x8a, 0xb4, 0xf8]), words: Color::of([0x14, 0x16, 0x1a]) },
        }
    }
}

impl Accents {
    /// Made readable where it is not.
    pub(crate) fn of(color: Color) -> Self {
        Self { light: color.accent_on(&LIGHT, Scheme::Light), dark: color.accent_on(&DARK, Scheme::Dark) }
    }

    /// As templates ask for them.
    pub(crate) fn values(&self) -> [(&'static str, Value); 4] {
        let value = |color: Color| Value::from(color.to_string());
        [
            ("accent", value(self.light.color)),
            ("on_accent", value(self.light.words)),
            ("dark_accent", value(self.dark.color)),
            ("on_dark_accent", value(self.dark.words)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grounds_are_those_of_the_layout() {
        let layout = include_str!("templates/layout.html");
        let (light, dark) = layout.split_once("@media (prefers-color-scheme: dark)").unwrap();
        for (part, grounds) in [(light, LIGHT), (dark, DARK)] {
            for ground in grounds {
                assert!(part.contains(&format!("background: {ground};")), "{ground}: {part}");
            }
        }
    }

    #[test]
    fn what_comes_without_a_colour_can_be_read() {
        let Accents { light, dark } = Accents::default();
        for (accent, grounds) in [(light, LIGHT), (dark, DARK)] {
            assert!(accent.color.contrast(accent.words) >= 4.5);
            assert!(grounds.iter().all(|ground| accent.color.contrast(*ground) >= 4.5), "{accent:?}");
        }
    }
}
