//! The colour of a product, and what becomes of it where it is read.

use std::fmt;

/// A colour of sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color([u8; 3]);

/// Of text, links and the words on buttons (WCAG 2.2, 1.4.3); more than focus rings and edges need (1.4.11: 3).
const READABLE: f64 = 4.5;

/// Whether what is read stands on bright or on dark grounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// A colour that cannot be read there is made darker.
    Light,
    /// A colour that cannot be read there is made lighter.
    Dark,
}

/// A colour as it can be read, and the words that can be read on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accent {
    /// Of links and buttons.
    pub color: Color,
    /// Of the words on buttons.
    pub words: Color,
}

impl Color {
    /// Red, green and blue at zero.
    pub const BLACK: Self = Self([0; 3]);
    /// Red, green and blue at their most.
    pub const WHITE: Self = Self([255; 3]);

    /// Of red, green and blue.
    pub const fn of(channels: [u8; 3]) -> Self {
        Self(channels)
    }

    /// Reads `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let digits = Some(digits).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
        Some(Self([red, green, blue]))
    }

    /// This colour, or the nearest to it on the way to black or white that can be read on all of these grounds; the words
    /// on it are white where that can be read, and black elsewhere.
    #[must_use]
    pub fn accent_on(self, grounds: &[Self], scheme: Scheme) -> Accent {
        let extreme = match scheme {
            Scheme::Light => Self::BLACK,
            Scheme::Dark => Self::WHITE,
        };
        let mut mixed = (0..=u8::MAX).map(|share| self.mixed_with(extreme, share));
        let is_readable = |color: &Self| grounds.iter().all(|ground| color.contrast(*ground) >= READABLE);
        let color = mixed.find(is_readable).unwrap_or(extreme);
        let words = if color.contrast(Self::WHITE) >= READABLE { Self::WHITE } else { Self::BLACK };
        Accent { color, words }
    }

    fn mixed_with(self, other: Self, share: u8) -> Self {
        let mix = |own: u8, other: u8| {
            let mixed = u16::from(own) * u16::from(u8::MAX - share) + u16::from(other) * u16::from(share);
            u8::try_from(mixed / u16::from(u8::MAX)).unwrap_or(u8::MAX)
        };
        Self(std::array::from_fn(|channel| mix(self.0[channel], other.0[channel])))
    }

    /// From 1 to 21 (WCAG 2.2, contrast ratio).
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
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

    const LIGHT: [Color; 2] = [Color::WHITE, Color([0xf4, 0xf5, 0xf8])];
    const DARK: [Color; 2] = [Color([0x17, 0x18, 0x1c]), Color([0x21, 0x23, 0x29])];

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
            for (grounds, scheme) in [(LIGHT, Scheme::Light), (DARK, Scheme::Dark)] {
                let Accent { color: accent, words } = color.accent_on(&grounds, scheme);
                for ground in grounds {
                    assert!(accent.contrast(ground) >= 4.5, "{color} becomes {accent} on {ground}");
                }
                assert!(accent.contrast(words) >= 4.5, "{color} becomes {accent}");
            }
        }
    }

    #[test]
    fn a_colour_that_can_be_read_stays_as_it_is_and_another_changes_no_more_than_it_must() {
        let light = |text: &str| color(text).accent_on(&LIGHT, Scheme::Light).color;
        let dark = |text: &str| color(text).accent_on(&DARK, Scheme::Dark).color;
        assert_eq!((light("#0b57d0"), dark("#ffd400")), (color("#0b57d0"), color("#ffd400")));
        let yellow = light("#ffd400");
        assert!(yellow.contrast(LIGHT[1]) < 4.6, "{yellow}");
        assert!(dark("#000000").contrast(DARK[1]) < 4.6);
    }

    #[test]
    fn what_is_no_colour_is_refused() {
        assert_eq!(color("#0B57d0").to_string(), "#0b57d0");
        for text in ["", "#", "0b57d0", "#fff", "#0b57d0ff", "#0b57dg", "#+b57d0", "red", "#0b57d0;}", "#ä7d0"] {
            assert_eq!(Color::parse(text), None, "{text}");
        }
    }
}
