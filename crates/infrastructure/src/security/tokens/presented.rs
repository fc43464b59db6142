//! Reading a token that somebody presents. Nothing in here is believed before the signature is verified, and the header
//! decides nothing but which key to try: `jku`, `x5u`, `jwk` and the like are not even looked at.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_application::ports::access_tokens::VerifiedAccess;
use countersign_domain::ids::{SessionId, UserId};
use countersign_domain::signing_key::SigningAlgorithm;
use serde::de::{Deserialize as _, Deserializer};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::security::tokens::key_ring::LEEWAY;
use crate::security::tokens::unique_keys::UniqueKeys;

/// The longest token that is looked at; the longest that is issued has 7 KiB.
pub(crate) const LONGEST: usize = 16 * 1024;
/// `typ` of access tokens (RFC 9068, 2.1): nothing else that is signed here can pass for one.
pub(crate) const TYPE: &str = "at+jwt";
/// A thumbprint in base64url.
const KID: usize = 43;
/// Seconds from 1970 to the year 9999.
const SANE: std::ops::RangeInclusive<i64> = 1..=253_402_300_799;

/// A token, taken apart.
pub(crate) struct PresentedToken<'a> {
    pub(crate) algorithm: SigningAlgorithm,
    pub(crate) kid: String,
    /// What the signature is over.
    pub(crate) message: &'a str,
    pub(crate) signature: &'a str,
    claims: &'a str,
}

#[derive(serde::Deserialize)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

#[derive(serde::Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    user_id: String,
    sid: String,
    jti: String,
    iat: i64,
    exp: i64,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<i64>,
}

/// What is there must be of the type: `null` is not the same as absent.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    i64::deserialize(deserializer).map(Some)
}

impl<'a> PresentedToken<'a> {
    /// `None` for anything but three parts of which the first is a header that this service could have written.
    pub(crate) fn parse(token: &'a str) -> Option<Self> {
        if token.len() > LONGEST {
            return None;
        }
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        if claims.contains('.') || signature.is_empty() {
            return None;
        }
        let json = URL_SAFE_NO_PAD.decode(header).ok()?;
        let names = UniqueKeys::parse(&json)?;
        let header: Header = serde_json::from_slice(&json).ok()?;
        // No extension is understood here, so none may be critical (RFC 7515, 4.1.11).
        let plain = !names.contains("crit") && !names.contains("b64");
        (plain && header.typ == TYPE && header.kid.len() == KID).then_some(())?;
        let algorithm = SigningAlgorithm::parse(&header.alg)?;
        Some(Self { algorithm, kid: header.kid, message, signature, claims })
    }

    /// Judges the claims of a token whose signature was verified.
    pub(crate) fn judge(&self, issuer: &str, audience: &str, now: OffsetDateTime) -> Option<VerifiedAccess> {
        let json = URL_SAFE_NO_PAD.decode(self.claims).ok()?;
        UniqueKeys::parse(&json)?;
        let claims: Claims = serde_json::from_slice(&json).ok()?;
        let ours = claims.iss == issuer && claims.aud == audience && claims.sub == claims.user_id;
        let named = Uuid::try_parse(&claims.jti).is_ok();
        (ours && named && claims.is_current(now)).then_some(())?;
        Some(VerifiedAccess { user_id: UserId::parse(&claims.sub)?, session_id: SessionId::parse(&claims.sid)? })
    }
}

impl Claims {
    fn is_current(&self, now: OffsetDateTime) -> bool {
        let (now, leeway) = (now.unix_timestamp(), LEEWAY.whole_seconds());
        let begins = self.nbf.unwrap_or(self.iat);
        let sane = [self.iat, self.exp, begins].iter().all(|at| SANE.contains(at)) && self.iat < self.exp;
        sane && self.iat.max(begins) <= now + leeway && now < self.exp + leeway
    }
}
