//! One key of the set, and what it makes of a token.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

use crate::claims::Claims;
use crate::error::VerifyError;

/// Clocks may be so far apart, in seconds.
pub(crate) const LEEWAY: i64 = 30;
/// The longest token that is looked at, in bytes; the longest that is issued has 7 KiB.
const LONGEST: usize = 16 * 1024;
/// `typ` of access tokens (RFC 9068, 2.1): nothing else that such a key may have signed can pass for one.
const TYPES: [&str; 2] = ["at+jwt", "application/at+jwt"];

/// A public key, and the one algorithm that it verifies.
pub(crate) struct Key {
    decoding: DecodingKey,
    algorithm: Algorithm,
}

/// Names the key of a token that could be an access token, and believes nothing else of it yet.
pub(crate) fn key_id(token: &str) -> Result<String, VerifyError> {
    if token.len() > LONGEST {
        return Err(VerifyError::Invalid);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_malformed| VerifyError::Invalid)?;
    let is_type = |typ: &str| TYPES.iter().any(|allowed| typ.eq_ignore_ascii_case(allowed));
    // No extension is understood here, so none may be critical (RFC 7515, 4.1.11).
    let is_plain = header.crit.is_none() && header.enc.is_none() && !header.extras.inner().contains_key("b64");
    header.kid.filter(|_| is_plain && header.typ.as_deref().is_some_and(is_type)).ok_or(VerifyError::Invalid)
}

impl Key {
    /// `None` for a key that signs no access tokens: another use, another algorithm, a shared secret.
    pub(crate) fn from_jwk(jwk: &Jwk) -> Option<(String, Self)> {
        let algorithm = algorithm(jwk)?;
        let is_for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
        let decoding = DecodingKey::from_jwk(jwk).ok().filter(|_| is_for_signatures)?;
        Some((jwk.common.key_id.clone()?, Self { decoding, algorithm }))
    }

    /// What the token says, if this key has signed it and it is for us now (`now` in seconds since 1970).
    pub(crate) fn verify(&self, token: &str, issuer: &str, audience: &str, now: i64) -> Result<Claims, VerifyError> {
        let mut validation = Validation::new(self.algorithm);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are judged below, by a clock that tests can set.
        validation.validate_exp = false;
        let claims = decode::<Claims>(token, &self.decoding, &validation).map_err(|error| refused(&error))?.claims;
        let begins = claims.not_before.map_or(claims.issued_at, |not_before| not_before.max(claims.issued_at));
        let is_for_us = claims.iss == issuer && claims.aud == audience;
        let makes_sense = is_for_us && claims.sub == claims.user_id && claims.issued_at < claims.expires_at;
        if !makes_sense || begins > now.saturating_add(LEEWAY) {
            return Err(VerifyError::Invalid);
        }
        if now >= claims.expires_at.saturating_add(LEEWAY) {
            return Err(VerifyError::Expired);
        }
        Ok(claims)
    }
}

fn refused(error: &jsonwebtoken::errors::Error) -> VerifyError {
    if let ErrorKind::Json(_) | ErrorKind::MissingRequiredClaim(_) = error.kind() {
        tracing::debug!("an access token lacks a claim that this version needs");
    }
    VerifyError::Invalid
}

/// The key says what it verifies, not the token (RFC 8725, 3.1).
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let (natural, named) = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        _ => return None,
    };
    jwk.common.key_algorithm.is_none_or(|algorithm| algorithm == named).then_some(natural)
}
