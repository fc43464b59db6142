//! Secrets that people carry: opaque tokens. What is kept of them is a digest.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Text that must not be seen: redacted in `Debug`, wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The digest under which it is stored.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// SHA-256 of a token with at least 128 random bits; a slow hash adds nothing to those (ASVS 6.5.2).
#[derive(Clone, Copy, Eq)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of these octets.
    pub fn of(octets: &[u8]) -> Self {
        Self(Sha256::digest(octets).into())
    }

    /// A digest read back from storage; `None` unless it has 32 octets.
    pub fn from_stored(octets: &[u8]) -> Option<Self> {
        octets.try_into().ok().map(Self)
    }

    /// The 32 octets, for storage.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(***)")
    }
}

/// A new one-time token from 32 random octets: 43 characters that fit a URL.
pub fn one_time_secret(random: [u8; 32]) -> Secret {
    Secret(URL_SAFE_NO_PAD.encode(random))
}

/// A refresh token: which session family it belongs to (128 random bits), which generation it is (256 random bits),
/// and a checksum.
///
/// The family part lets one row stand for a whole session: a token of the right family that is neither the current
/// nor the former generation is an older one, and ends the family (RFC 9700, 4.14.2). The checksum keeps
/// a mistyped token apart from an older one; it guards nothing, for whoever knows the family part held a real token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefreshToken {
    text: Secret,
    family: [u8; FAMILY],
}

const FAMILY: usize = 16;
const GENERATION: usize = 32;
const CHECKSUM: usize = 6;

impl RefreshToken {
    /// The first generation of a new family, or the next one of a family that is known.
    pub fn new(family: [u8; FAMILY], generation: [u8; GENERATION]) -> Self {
        let mut octets = [0_u8; FAMILY + GENERATION + CHECKSUM];
        octets[..FAMILY].copy_from_slice(&family);
        octets[FAMILY..FAMILY + GENERATION].copy_from_slice(&generation);
        let checksum = checksum(&octets[..FAMILY + GENERATION]);
        octets[FAMILY + GENERATION..].copy_from_slice(&checksum);
        let text = Secret(URL_SAFE_NO_PAD.encode(octets));
        octets.zeroize();
        Self { text, family }
    }

    /// Reads what a client presents. `None` for anything that was never issued: wrong length, alphabet or checksum.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != (FAMILY + GENERATION + CHECKSUM) * 4 / 3 {
            return None;
        }
        let mut octets = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (body, sum) = octets.split_at(FAMILY + GENERATION);
        let genuine = bool::from(checksum(body).ct_eq(sum));
        let family = body[..FAMILY].try_into().ok()?;
        octets.zeroize();
        genuine.then(|| Self { text: Secret::new(text), family })
    }

    /// The next generation of the same family.
    #[must_use]
    pub fn successor(&self, generation: [u8; GENERATION]) -> Self {
        Self::new(self.family, generation)
    }

    /// The token as the client carries it.
    pub const fn secret(&self) -> &Secret {
        &self.text
    }

    /// Digest of the whole token: names the generation.
    pub fn digest(&self) -> TokenDigest {
        self.text.digest()
    }

    /// Digest of the family part: names the session.
    pub fn family_digest(&self) -> TokenDigest {
        TokenDigest::of(&self.family)
    }
}

fn checksum(body: &[u8]) -> [u8; CHECKSUM] {
    let digest: [u8; 32] =
        Sha256::new().chain_update(b"countersign refresh token").chain_update(body).finalize().into();
    std::array::from_fn(|i| digest[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_show() {
        assert_eq!(format!("{:?}", Secret::new("x")), "Secret(***)");
        assert_eq!(format!("{:?}", TokenDigest::of(b"x")), "TokenDigest(***)");
        assert!(!format!("{:?}", RefreshToken::new([1; 16], [2; 32])).contains("AQ"));
    }

    #[test]
    fn a_stored_digest_has_32_octets() {
        let digest = Secret::new("x").digest();
        assert_eq!(digest.as_bytes()[..4], [0x2d, 0x71, 0x16, 0x42], "it is SHA-256 of the text");
        assert_eq!(TokenDigest::from_stored(digest.as_bytes()), Some(digest));
        for octets in [0, 31, 33] {
            assert_eq!(TokenDigest::from_stored(&vec![0; octets]), None, "{octets}");
        }
    }

    #[test]
    fn a_refresh_token_reads_back() {
        let token = RefreshToken::new([1; 16], [2; 32]);
        let read = RefreshToken::parse(token.secret().expose()).unwrap();
        assert_eq!(read, token);
        assert_eq!(token.successor([3; 32]).family_digest(), token.family_digest());
        assert_ne!(token.successor([3; 32]).digest(), token.digest());
    }

    #[test]
    fn one_changed_character_is_no_refresh_token() {
        let token = RefreshToken::new([1; 16], [2; 32]);
        let text = token.secret().expose();
        for at in 0..text.len() {
            let mut other = text.to_owned().into_bytes();
            other[at] = if other[at] == b'x' { b'y' } else { b'x' };
            assert!(RefreshToken::parse(std::str::from_utf8(&other).unwrap()).is_none(), "{at}");
        }
        assert!(RefreshToken::parse(&text[..71]).is_none());
        assert!(RefreshToken::parse(&format!("{text}=")).is_none());
    }

    #[test]
    fn a_one_time_secret_has_256_bits() {
        assert_eq!(one_time_secret([255; 32]).expose().len(), 43);
    }
}
