//! The colour of a product, and what becomes of it where it is read.

use std::fmt;

/// A colour of sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color([u8; 3]);

const BLACK: Color = Color([0; 3]);
const WHITE: Color = Color([255; 3]);

/// Of text, links and the words on buttons (WCAG 2.2, 1.4.3); more than focus rings and edges need (1.4.11: 3).
const READABLE: f64 = 4.5;

/// What text stands on in the light and in the dark: the page, and what is set off from it.
const LIGHT: [Color; 2] = [WHITE, Color([0xf4, 0xf5, 0xf8])];
const DARK: [Color; 2] = [Color([0x17, 0x18, 0x1c]), Color([0x21, 0x23, 0x29])];

impl Color {
    /// Reads `#rrggbb`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
        let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let [_, red, green, blue] =
            number.ok_or_else(|| "is a colour written as #rrggbb, such as #0b57d0".to_owned())?.to_be_bytes();
        Ok(Self([red, green, blue]))
    }

    /// The accent in the light and in the dark, as a stylesheet.
    pub(crate) fn stylesheet(self) -> String {
        let accent = |accent: Self| format!("--accent: {accent}; --on-accent: {};", accent.words());
        let (light, dark) = (accent(self.readable_on(LIGHT, BLACK)), accent(self.readable_on(DARK, WHITE)));
        format!(":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n")
    }

    /// This colour, or the nearest to it on the way to `extreme` that can be read on all of these grounds.
    fn readable_on(self, grounds: [Self; 2], extreme: Self) -> Self {
        let mixed = (0..=u8::MAX).map(|share| self.mixed_with(extreme, share));
        let is_readable = |color: &Self| grounds.iter().all(|ground| color.contrast(*ground) >= READABLE);
        mixed.into_iter().find(is_readable).unwrap_or(extreme)
    }

    /// The colour of words on this one.
    fn words(self) -> Self {
        if self.contrast(WHITE) >= READABLE { WHITE } else { BLACK }
    }

    fn mixed_with(self, other: Self, share: u8) -> Self {
        let mix = |own: u8, other: u8| {
            let mixed = u16::from(own) * u16::from(u8::MAX - share) + u16::from(other) * u16::from(share);
            u8::try_from(mixed / u16::from(u8::MAX)).unwrap_or(u8::MAX)
        };
        Self(std::array::from_fn(|channel| mix(self.0[channel], other.0[channel])))
    }

    /// From 1 to 21 (WCAG 2.2, contrast ratio).
    fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// From 0 to 1 (WCAG 2.2, relative luminance).
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|channel| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn color(text: &str) -> Color {
        Color::parse(text).unwrap()
    }

    #[test]
    fn the_contrast_is_that_of_the_standard() {
        for (one, other, expected) in [
            ("#000000", "#ffffff", 21.0),
            ("#ffffff", "#ffffff", 1.0),
            ("#767676", "#ffffff", 4.542),
            ("#777777", "#ffffff", 4.478),
            ("#ff0000", "#ffffff", 3.998),
            ("#0000ff", "#ffffff", 8.592),
            ("#00ff00", "#000000", 15.304),
            ("#0b57d0", "#ffffff", 6.386),
        ] {
            let contrast = color(one).contrast(color(other));
            assert!((contrast - expected).abs() < 0.001, "{one} {other}: {contrast}");
            assert!((contrast - color(other).contrast(color(one))).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn every_colour_can_be_read_and_read_on_in_the_light_and_in_the_dark() {
        let steps = || (0..=u8::MAX).step_by(15);
        let all =
            steps().flat_map(|red| steps().flat_map(move |green| steps().map(move |blue| Color([red, green, blue]))));
        for color in all {
            for (grounds, extreme) in [(LIGHT, BLACK), (DARK, WHITE)] {
                let accent = color.readable_on(grounds, extreme);
                for ground in grounds {
                    assert!(accent.contrast(ground) >= 4.5, "{color} becomes {accent} on {ground}");
                }
                assert!(accent.contrast(accent.words()) >= 4.5, "{color} becomes {accent}");
            }
        }
    }

    #[test]
    fn a_colour_that_can_be_read_stays_as_it_is_and_another_changes_no_more_than_it_must() {
        assert_eq!(color("#0b57d0").readable_on(LIGHT, BLACK), color("#0b57d0"));
        assert_eq!(color("#ffd400").readable_on(DARK, WHITE), color("#ffd400"));
        let yellow = color("#ffd400").readable_on(LIGHT, BLACK);
        assert!(yellow.contrast(LIGHT[1]) < 4.6, "{yellow}");
        assert!(color("#000000").readable_on(DARK, WHITE).contrast(DARK[1]) < 4.6);
    }

    #[test]
    fn what_is_no_colour_is_refused() {
        assert_eq!(color("#0B57d0").to_string(), "#0b57d0");
        for text in ["", "#", "0b57d0", "#fff", "#0b57d0ff", "#0b57dg", "#+b57d0", "red", "#0b57d0;}", "#ä7d0"] {
            assert!(Color::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_grounds_are_those_of_the_stylesheet() {
        let sheet = include_str!("../pages.css");
        let (light, dark) = sheet.split_once("@media (prefers-color-scheme: dark)").unwrap();
        for (part, [paper, shade]) in [(light, LIGHT), (dark, DARK)] {
            assert!(part.contains(&format!("--paper: {paper};")) && part.contains(&format!("--shade: {shade};")));
        }
    }
}
