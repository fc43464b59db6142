//! Stored hashes: the modular crypt forms that are read, and the two that are written.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::BCRYPT;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// bcrypt's own base64. Spare bits at the end of salt and digest are read over: some makers set them.
pub(crate) const BCRYPT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &BCRYPT,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// The most that a stored hash may cost, about twenty seconds: a higher one would occupy a thread for hours.
const MOST_COST: u32 = 18;

/// What stands before bcrypt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Nothing: `$2b$` and its brothers `$2a$` and `$2y$`, all the same to passwords without NUL.
    Plain {
        /// Whether it is `$2b$`.
        current: bool,
    },
    /// SHA-256 (passlib before 1.7.3).
    Sha256,
    /// HMAC-SHA256 keyed with the salt's text (passlib since).
    HmacSha256,
}

/// A stored hash, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HashString {
    pub(crate) form: Form,
    pub(crate) cost: u32,
    /// The salt as written: it is also a key.
    pub(crate) salt_text: String,
    pub(crate) salt: [u8; 16],
    pub(crate) digest: [u8; 23],
}

const SALT_TEXT: usize = 22;
const DIGEST_TEXT: usize = 31;

impl HashString {
    /// `$2b$12$<salt><digest>`, `$bcrypt-sha256$v=2,t=2b,r=12$<salt>$<digest>` or `$bcrypt-sha256$2b,12$<salt>$<digest>`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix('$')?.split('$');
        let (form, cost, salt, digest) = match parts.next()? {
            "bcrypt-sha256" => {
                let (form, cost) = prehashed(parts.next()?)?;
                (form, cost, parts.next()?, parts.next()?)
            }
            version @ ("2a" | "2b" | "2y") => {
                let cost = parts.next().filter(|cost| cost.len() == 2)?;
                let (salt, digest) = parts.next()?.split_at_checked(SALT_TEXT)?;
                (Form::Plain { current: version == "2b" }, cost, salt, digest)
            }
            _ => return None,
        };
        let cost = number(cost).filter(|cost| (4..=MOST_COST).contains(cost))?;
        if parts.next().is_some() || salt.len() != SALT_TEXT || digest.len() != DIGEST_TEXT {
            return None;
        }
        Some(Self { form, cost, salt_text: salt.to_owned(), salt: decode(salt)?, digest: decode(digest)? })
    }
}

fn prehashed(parameters: &str) -> Option<(Form, &str)> {
    if let Some(cost) = parameters.strip_prefix("v=2,t=2b,r=") {
        return Some((Form::HmacSha256, cost));
    }
    let cost = parameters.strip_prefix("2a,").or_else(|| parameters.strip_prefix("2b,"))?;
    Some((Form::Sha256, cost))
}

fn number(text: &str) -> Option<u32> {
    (text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    BCRYPT_BASE64.decode(text).ok()?.try_into().ok()
}

impl fmt::Display for HashString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cost, salt_text, .. } = self;
        let digest = BCRYPT_BASE64.encode(self.digest);
        match self.form {
            Form::Plain { current: true } => write!(f, "$2b${cost:02}${salt_text}{digest}"),
            Form::Plain { current: false } => write!(f, "$2a${cost:02}${salt_text}{digest}"),
            Form::Sha256 => write!(f, "$bcrypt-sha256$2b,{cost}${salt_text}${digest}"),
            Form::HmacSha256 => write!(f, "$bcrypt-sha256$v=2,t=2b,r={cost}${salt_text}${digest}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_that_are_written_read_back() {
        for text in [
            "$2b$12$Kq9Vv0oJ5S7yD1bq3Yv2fOX3henLpf9G0kYG.lXR2.9qNiGisxwHi",
            "$bcrypt-sha256$v=2,t=2b,r=4$Kq9Vv0oJ5S7yD1bq3Yv2fO$R2y5hZJqRQZWNllTOQD/swN5msMsh5S",
        ] {
            assert_eq!(HashString::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_no_hash() {
        for text in [
            "",
            "$",
            "!",
            "hash",
            "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
            "$2x$12$Kq9Vv0oJ5S7yD1bq3Yv2fOX3henLpf9G0kYG.lXR2.9qNiGisxwHi",
            "$2b$03$Kq9Vv0oJ5S7yD1bq3Yv2fOX3henLpf9G0kYG.lXR2.9qNiGisxwHi",
            "$2b$31$Kq9Vv0oJ5S7yD1bq3Yv2fOX3henLpf9G0kYG.lXR2.9qNiGisxwHi",
            "$2b$5$Kq9Vv0oJ5S7yD1bq3Yv2fOX3henLpf9G0kYG.lXR2.9qNiGisxwHi",
            "$2b$+5$Kq9Vv0oJ5S7yD1bq3Yv2fOX3henLpf9G0kYG.lXR2.9qNiGisxwHi",
            "$2b$12$Kq9Vv0oJ5S7yD1bq3Yv2fOX3henLpf9G0kYG.lXR2.9qNiGisxwH",
            "$2b$12$Kq9Vv0oJ5S7yD1bq3Yv2fOX3henLpf9G0kYG.lXR2.9qNiGisxwHi$",
            "$2b$12$Kq9Vv0oJ5S7yD1bq3Yv2f\u{e9}X3henLpf9G0kYG.lXR2.9qNiGisxwHi",
            "$bcrypt-sha256$v=3,t=2b,r=4$Kq9Vv0oJ5S7yD1bq3Yv2fO$R2y5hZJqRQZWNllTOQD/swN5msMsh5S",
            "$bcrypt-sha256$v=1,t=2b,r=4$Kq9Vv0oJ5S7yD1bq3Yv2fO$R2y5hZJqRQZWNllTOQD/swN5msMsh5S",
            "$bcrypt-sha256$v=2,t=2a,r=4$Kq9Vv0oJ5S7yD1bq3Yv2fO$R2y5hZJqRQZWNllTOQD/swN5msMsh5S",
            "$bcrypt-sha256$v=2,t=2b,r=4$Kq9Vv0oJ5S7yD1bq3Yv2fO$",
            "$bcrypt-sha256$2x,5$5Hg1DKFqPE8C2aflZ5vVoe$12BjNE0p7axMg55.Y/mHsYiVuFBDQyu",
        ] {
            assert!(HashString::parse(text).is_none(), "{text}");
        }
    }
}
