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

    /// What the claims of a token whose signature was verified say; `None` unless they are for us and make sense.
    pub(crate) fn judge(&self, issuer: &str, audience: &str) -> Option<Judged> {
        let json = URL_SAFE_NO_PAD.decode(self.claims).ok()?;
        UniqueKeys::parse(&json)?;
        let claims: Claims = serde_json::from_slice(&json).ok()?;
        let ours = claims.iss == issuer && claims.aud == audience && claims.sub == claims.user_id;
        let named = Uuid::try_parse(&claims.jti).is_ok();
        (ours && named && claims.are_sane()).then_some(())?;
        let access =
            VerifiedAccess { user_id: UserId::parse(&claims.sub)?, session_id: SessionId::parse(&claims.sid)? };
        let moment = |at| OffsetDateTime::from_unix_timestamp(at).ok();
        Some(Judged { access, begins_at: moment(claims.begins())?, expires_at: moment(claims.exp)? })
    }
}

/// What a token says that is for us, and when it holds.
pub(crate) struct Judged {
    access: VerifiedAccess,
    begins_at: OffsetDateTime,
    pub(crate) expires_at: OffsetDateTime,
}

impl Judged {
    /// What is believed of it at this moment; clocks may be apart by [`LEEWAY`].
    pub(crate) fn at(&self, now: OffsetDateTime) -> Option<VerifiedAccess> {
        // Tokens count whole seconds.
        let now = now.replace_nanosecond(0).ok()?;
        let begun = self.begins_at <= now.saturating_add(LEEWAY);
        (begun && now < self.expires_at.saturating_add(LEEWAY)).then_some(self.access)
    }
}

impl Claims {
    /// When it begins to hold: what `iat` and `nbf` both allow.
    fn begins(&self) -> i64 {
        self.nbf.map_or(self.iat, |nbf| nbf.max(self.iat))
    }

    fn are_sane(&self) -> bool {
        let times = [self.iat, self.exp, self.nbf.unwrap_or(self.iat)];
        times.iter().all(|at| SANE.contains(at)) && self.iat < self.exp
    }
}
