//! Names and descriptions that people type.

use std::fmt;

use crate::violation::Violation;

/// Why a text is not a name or a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing left after trimming.
    #[error("a value is required")]
    Required,
    /// More characters (Unicode code points) than allowed.
    #[error("at most {max} characters are allowed")]
    TooLong {
        /// The limit, in Unicode code points.
        max: usize,
    },
    /// Control characters, line breaks or marks that turn the direction of text.
    #[error("control characters and line breaks are not allowed")]
    ControlCharacter,
    /// Nothing that anybody could see.
    #[error("at least one visible character is required")]
    Invisible,
}

impl Violation for TextError {
    fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooLong { .. } => "too_long",
            Self::ControlCharacter => "control_character",
            Self::Invisible => "invisible",
        }
    }
}

fn parse(text: &str, max: usize) -> Result<String, TextError> {
    let trimmed = text.trim();
    if trimmed.chars().any(is_unprintable) {
        return Err(TextError::ControlCharacter);
    }
    if trimmed.chars().nth(max).is_some() {
        return Err(TextError::TooLong { max });
    }
    Ok(trimmed.to_owned())
}

/// Controls, line and paragraph separators, and the bidirectional overrides used to disguise text in mails and lists.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether a font draws something for it: neither white space, nor a default-ignorable code point (Unicode 17,
/// `Default_Ignorable_Code_Point`), nor a sign that is blank by itself.
fn is_visible(c: char) -> bool {
    !c.is_whitespace()
        && !matches!(
            c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
                | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
                | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
                | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}'
        )
        // The empty Braille pattern.
        && c != '\u{2800}'
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Most characters (Unicode code points) it may have.
            pub const MAX: usize = $max;

            /// Trims, then checks: 1 to [`Self::MAX`] characters, none of them a control, one of them to be seen.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                let text = parse(text, Self::MAX)?;
                match text.chars().any(is_visible) {
                    true => Ok(Self(text)),
                    false if text.is_empty() => Err(TextError::Required),
                    false => Err(TextError::Invisible),
                }
            }

            /// As it was stored: the rules may have become stricter since.
            pub const fn from_stored(text: String) -> Self {
                Self(text)
            }

            /// The trimmed text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(***)"))
            }
        }
    };
}

name!(
    /// First or last name of a person. Hidden in `Debug`: it is personal data.
    PersonName,
    100
);
name!(
    /// Name of a team.
    TeamName,
    100
);

/// Description of a team, up to 1,000 characters. An empty text is no description.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Description(String);

impl Description {
    /// Most characters (Unicode code points) it may have.
    pub const MAX: usize = 1_000;

    /// Trims, then checks. `None` when nothing is left.
    pub fn parse(text: &str) -> Result<Option<Self>, TextError> {
        let text = parse(text, Self::MAX)?;
        Ok((!text.is_empty()).then_some(Self(text)))
    }

    /// The trimmed text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_counted_in_characters() {
        assert_eq!(PersonName::parse("  Zoë ").unwrap().as_str(), "Zoë");
        for letter in ["x", "名", "\u{20BB7}"] {
            assert!(PersonName::parse(&letter.repeat(100)).is_ok());
            assert_eq!(PersonName::parse(&letter.repeat(101)), Err(TextError::TooLong { max: 100 }));
        }
        assert_eq!(PersonName::parse(" \t "), Err(TextError::Required));
    }

    #[test]
    fn controls_are_refused() {
        for bad in ["a\nb", "a\0b", "a\u{1b}[31m", "a\u{2028}b", "a\u{202E}b", "a\u{7f}b"] {
            assert_eq!(TeamName::parse(bad), Err(TextError::ControlCharacter), "{bad:?}");
        }
    }

    #[test]
    fn a_name_that_nobody_can_see_is_refused() {
        let blanks = [
            "\u{200B}",
            "\u{3164}",
            "\u{2800}",
            "\u{AD}",
            "\u{115F}\u{1160}",
            "\u{FEFF}",
            "\u{200E}\u{200F}",
            "\u{FE0F}",
            "\u{E0041}",
            "\u{FFA0} \u{2060}",
        ];
        for blank in blanks {
            assert_eq!(PersonName::parse(blank), Err(TextError::Invisible), "{blank:?}");
            assert_eq!(TeamName::parse(&format!(" {blank} ")), Err(TextError::Invisible), "{blank:?}");
        }
        assert_eq!(PersonName::parse("\u{3000}\u{A0}"), Err(TextError::Required), "white space is trimmed");
        // Joiners are part of names, and of families of emoji.
        for seen in ["می\u{200C}خواهم", "👩\u{200D}👧", "x\u{AD}", "\u{5E9}\u{200F}"] {
            assert!(PersonName::parse(seen).is_ok(), "{seen:?}");
        }
    }

    #[test]
    fn a_stored_name_is_taken_as_it_is() {
        assert_eq!(TeamName::from_stored("\u{200B}".to_owned()).as_str(), "\u{200B}");
    }

    #[test]
    fn an_empty_description_is_none() {
        assert_eq!(Description::parse("  "), Ok(None));
        assert_eq!(Description::parse("x").unwrap().unwrap().as_str(), "x");
        assert!(Description::parse(&"x".repeat(1000)).is_ok());
        assert_eq!(Description::parse(&"x".repeat(1001)), Err(TextError::TooLong { max: 1000 }));
    }
}
