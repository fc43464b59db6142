//! Passwords: what may become one, and what is presented at a sign-in.

mod common;

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::email_address::EmailAddress;
use crate::name::PersonName;
use crate::violation::Violation;

/// A password that fulfils the rules which need no account: length and not a common one.
///
/// Kept after Unicode normalization form C, otherwise exactly as typed (ASVS 6.2.8, NIST SP 800-63B 3.1.1.2):
/// nothing is trimmed, folded or cut, and there are no composition rules (ASVS 6.2.5).
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct NewPassword(String);

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than 8 characters (Unicode code points after normalization).
    #[error("a password needs at least {} characters", NewPassword::MIN)]
    TooShort,
    /// More than 128 characters (Unicode code points after normalization).
    #[error("a password has at most {} characters", NewPassword::MAX)]
    TooLong,
    /// In the list of passwords that attackers try first (ASVS 6.2.4).
    #[error("this password is among the most common ones and is tried first by attackers; choose another")]
    Common,
    /// Mostly the owner's own name or address (ASVS 6.2.11).
    #[error("this password is close to your own name or address; choose one that says nothing about you")]
    Personal,
}

impl Violation for PasswordError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Common => "common_password",
            Self::Personal => "personal_password",
        }
    }
}

/// Characters that must be left once name and address are taken out of a password; fewer than it needs itself, so that
/// one without either of them is never refused.
const BEYOND_PERSONAL: usize = 6;
/// Shorter words stand in passwords by chance.
const PERSONAL_WORD: usize = 3;

impl NewPassword {
    /// Fewest characters (Unicode code points after NFC).
    pub const MIN: usize = 8;
    /// Most characters (Unicode code points after NFC).
    pub const MAX: usize = 128;

    /// Normalizes, then checks length and the list of common passwords.
    pub fn parse(text: &str) -> Result<Self, PasswordError> {
        // One too many is enough to know of: normalizing all of a very long text is work for nothing.
        let password = Self(text.nfc().take(Self::MAX + 1).collect());
        match password.0.chars().count() {
            ..Self::MIN => Err(PasswordError::TooShort),
            Self::MIN..=Self::MAX if common::contains(&password.0) => Err(PasswordError::Common),
            Self::MIN..=Self::MAX => Ok(password),
            _ => Err(PasswordError::TooLong),
        }
    }

    /// Refuses a password that is little more than its owner's name or address.
    pub fn check_owner(
        &self,
        email: &EmailAddress,
        first_name: &PersonName,
        last_name: &PersonName,
    ) -> Result<(), PasswordError> {
        let (domain, _) = email.domain().split_once('.').unwrap_or((email.domain(), ""));
        let mut words: Vec<String> = [email.as_str(), email.local_part(), email.domain(), domain]
            .into_iter()
            .chain(email.local_part().split(['.', '-', '_', '+']))
            .chain(first_name.as_str().split_whitespace())
            .chain(last_name.as_str().split_whitespace())
            .map(str::to_lowercase)
            .filter(|word| word.chars().count() >= PERSONAL_WORD)
            .collect();
        words.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
        let mut rest = self.0.to_lowercase();
        for word in &words {
            rest = rest.replace(word.as_str(), "");
        }
        let personal = rest.chars().count() < BEYOND_PERSONAL;
        rest.zeroize();
        if personal { Err(PasswordError::Personal) } else { Ok(()) }
    }

    /// The normalized text, for hashing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(***)")
    }
}

/// A password presented as proof: any text, compared after NFC.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct PresentedPassword {
    raw: String,
    normalized: String,
}

impl PresentedPassword {
    /// Most characters that are looked at; no password is longer, imported ones included.
    pub const MAX: usize = 1_024;

    /// Refuses only what cannot be a password: nothing, or more than [`Self::MAX`] characters.
    pub fn parse(text: &str) -> Result<Self, PresentedPasswordError> {
        if text.is_empty() {
            return Err(PresentedPasswordError::Required);
        }
        if text.chars().nth(Self::MAX).is_some() {
            return Err(PresentedPasswordError::TooLong);
        }
        Ok(Self { raw: text.to_owned(), normalized: text.nfc().collect() })
    }

    /// The text after NFC: what is compared.
    pub fn expose(&self) -> &str {
        &self.normalized
    }

    /// The octets as they came: what another system's hash may have been made from.
    pub fn expose_raw(&self) -> &str {
        &self.raw
    }
}

impl fmt::Debug for PresentedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresentedPassword(***)")
    }
}

/// Why a text cannot be anybody's password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresentedPasswordError {
    /// Nothing there.
    #[error("a password is required")]
    Required,
    /// Longer than any password can be.
    #[error("a password has at most {} characters", PresentedPassword::MAX)]
    TooLong,
}

impl Violation for PresentedPasswordError {
    fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooLong => "too_long",
        }
    }
}

/// A stored password hash in its modular crypt form. Hidden in `Debug`; never part of an answer.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash as the hasher made it, or as storage holds it.
    pub fn new(hash: impl Into<String>) -> Self {
        Self(hash.into())
    }

    /// The modular crypt text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_code_points_after_nfc() {
        assert_eq!(NewPassword::parse("zk4!vPq"), Err(PasswordError::TooShort));
        assert!(NewPassword::parse("zk4!vPq9").is_ok());
        assert!(NewPassword::parse(&"\u{1F512}".repeat(128)).is_ok());
        assert_eq!(NewPassword::parse(&"\u{1F512}".repeat(129)), Err(PasswordError::TooLong));
        // Eight decomposed letters are eight, not sixteen; seven are too few.
        assert!(NewPassword::parse(&"e\u{301}".repeat(8)).is_ok());
        assert_eq!(NewPassword::parse(&"e\u{301}".repeat(7)), Err(PasswordError::TooShort));
        assert_eq!(NewPassword::parse(&"x".repeat(1_000_000)), Err(PasswordError::TooLong));
    }

    #[test]
    fn both_normal_forms_are_one_password() {
        let composed = NewPassword::parse("caf\u{e9} au lait").unwrap();
        assert_eq!(PresentedPassword::parse("cafe\u{301} au lait").unwrap().expose(), composed.expose());
    }

    #[test]
    fn nothing_is_trimmed_or_folded() {
        assert_eq!(NewPassword::parse("  Zebra crossing ").unwrap().expose(), "  Zebra crossing ");
    }

    #[test]
    fn there_are_no_composition_rules() {
        for good in
            ["wandering otters sing", "83920174650192837465", "correct horse battery staple", "白い猫が屋根で寝ている"]
        {
            assert!(NewPassword::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        for bad in ["password123", "PASSWORD123", "12345678", "qwertyuiop", "Iloveyou1", "aaaaaaaa"] {
            assert_eq!(NewPassword::parse(bad), Err(PasswordError::Common), "{bad}");
        }
    }

    #[test]
    fn a_password_about_its_owner_is_refused() {
        let check = |password: &str| {
            NewPassword::parse(password).unwrap().check_owner(
                &EmailAddress::parse("own.familyname@engines.example").unwrap(),
                &PersonName::parse("Own").unwrap(),
                &PersonName::parse("Familyname").unwrap(),
            )
        };
        for bad in [
            "Familyname1815",
            "own.familyname@engines.example",
            "OwnFamilyname!",
            "engines.example",
            "familynamefamilyname",
        ] {
            assert_eq!(check(bad), Err(PasswordError::Personal), "{bad}");
        }
        for good in ["familyname and the analytical rabbit", "correct horse battery staple", "zk4!vPq9"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn beyond_words_of_three_letters_about_its_owner_a_password_needs_six() {
        let check = |password: &str| {
            NewPassword::parse(password).unwrap().check_owner(
                &EmailAddress::parse("io@q.example").unwrap(),
                &PersonName::parse("Bo").unwrap(),
                &PersonName::parse("Ono Ωlaf").unwrap(),
            )
        };
        for (personal, good) in
            [("ono12345", "ono123456"), ("Ωlafωlaf12345", "Ωlafωlaf123456"), ("q.example12345", "q.example123456")]
        {
            assert_eq!(check(personal), Err(PasswordError::Personal), "{personal}");
            assert_eq!(check(good), Ok(()), "{good}");
        }
        assert_eq!(check("boioboio"), Ok(()), "two letters stand in passwords by chance");
    }

    #[test]
    fn presented_passwords_are_bounded() {
        assert_eq!(PresentedPassword::parse(""), Err(PresentedPasswordError::Required));
        for letter in ["x", "\u{1F512}"] {
            assert!(PresentedPassword::parse(&letter.repeat(1024)).is_ok());
            assert_eq!(PresentedPassword::parse(&letter.repeat(1025)), Err(PresentedPasswordError::TooLong));
        }
    }

    #[test]
    fn what_is_presented_is_kept_normalized_and_as_it_came() {
        let presented = PresentedPassword::parse(" cafe\u{301} ").unwrap();
        assert_eq!((presented.expose(), presented.expose_raw()), (" caf\u{e9} ", " cafe\u{301} "));
        assert_eq!(PasswordHash::new("$2b$12$").expose(), "$2b$12$");
    }

    #[test]
    fn passwords_do_not_show() {
        assert_eq!(format!("{:?}", NewPassword::parse("zk4!vPq9").unwrap()), "NewPassword(***)");
        assert_eq!(format!("{:?}", PresentedPassword::parse("zk4!vPq9").unwrap()), "PresentedPassword(***)");
        assert_eq!(format!("{:?}", PasswordHash::new("$2b$")), "PasswordHash(***)");
    }
}
