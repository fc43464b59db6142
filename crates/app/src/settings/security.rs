//! Password hashing and access tokens.

use countersign_domain::signing_key::SigningAlgorithm;

use crate::settings::catalogue::Setting;
use crate::settings::reader::Reader;

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new(
        "password.bcrypt_cost",
        "12",
        "Cost of bcrypt, 10 to 15 (from 4 with `dev`): one more doubles the work.",
    ),
    Setting::new("password.hashing_threads", "0", "Threads that hash; 0 is one for each core."),
    Setting::new(
        "password.hashing_queue",
        "64",
        "Hashings that may wait; beyond that, requests are answered 503 at once.",
    ),
    Setting::new("tokens.algorithm", "ES256", "What access tokens are signed with: ES256, EdDSA or RS256."),
    Setting::new("tokens.issuer", "", "`iss` of access tokens; without it, the public URL."),
    Setting::new("tokens.audience", "countersign", "`aud` of access tokens."),
];

/// See [`SETTINGS`].
#[derive(Clone, Debug)]
pub(crate) struct HashingSettings {
    /// Cost of bcrypt.
    pub bcrypt_cost: u32,
    /// Threads; 0 is one for each core.
    pub threads: usize,
    /// Hashings that may wait.
    pub queue: usize,
}

/// See [`SETTINGS`].
#[derive(Clone, Debug)]
pub(crate) struct TokenSettings {
    /// What new keys sign with.
    pub algorithm: SigningAlgorithm,
    /// `iss`; without one, the public URL.
    pub issuer: Option<String>,
    /// `aud`.
    pub audience: String,
}

impl HashingSettings {
    /// Reads the section.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            bcrypt_cost: reader.number("password.bcrypt_cost", 4..=15),
            threads: reader.number("password.hashing_threads", 0..=1_024),
            queue: reader.number("password.hashing_queue", 1..=100_000),
        }
    }
}

impl TokenSettings {
    /// Reads the section.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let algorithm = |text: &str| SigningAlgorithm::parse(text).ok_or("is ES256, EdDSA or RS256".to_owned());
        Self {
            algorithm: reader.get("tokens.algorithm", algorithm),
            issuer: reader.optional("tokens.issuer", name),
            audience: reader.get("tokens.audience", name),
        }
    }
}

fn name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > 255 || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        Err("is a name or a URL of at most 255 bytes, without spaces".to_owned())
    } else {
        Ok(text.to_owned())
    }
}
