//! Issues and verifies access tokens.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_application::error::Fault;
use countersign_application::ports::access_tokens::{AccessClaims, AccessTokenError, AccessTokens, VerifiedAccess};
use countersign_domain::secret::Secret;
use countersign_domain::signing_key::{SigningAlgorithm, SigningKey};
use time::OffsetDateTime;

use crate::security::tokens::claims;
use crate::security::tokens::key_ring::KeyRing;
use crate::security::tokens::presented::{PresentedToken, TYPE};
use crate::security::tokens::remembered::RememberedTokens;

/// Signed JWTs (RFC 9068) of one issuer for one audience.
pub struct JwtAccessTokens {
    keys: Arc<KeyRing>,
    issuer: String,
    audience: String,
    remembered: RememberedTokens,
}

impl JwtAccessTokens {
    /// With the keys of the service, and the names that its tokens carry and must carry.
    pub fn new(keys: Arc<KeyRing>, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self { keys, issuer: issuer.into(), audience: audience.into(), remembered: RememberedTokens::new() }
    }
}

#[cfg(test)]
impl JwtAccessTokens {
    pub(crate) fn remembered(&self) -> usize {
        self.remembered.count()
    }
}

#[async_trait]
impl AccessTokens for JwtAccessTokens {
    async fn issue(&self, claims: &AccessClaims) -> Result<Secret, Fault> {
        let key = self.keys.signing_key(claims.issued_at).await?;
        let header = format!(r#"{{"alg":"{}","kid":"{}","typ":"{TYPE}"}}"#, key.algorithm().as_str(), key.kid());
        let mut token = URL_SAFE_NO_PAD.encode(header);
        let claims =
            claims::to_json(claims, &self.issuer, &self.audience, token.len() + signature_length(key.algorithm()))?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = key.sign(token.as_bytes())?;
        token.push('.');
        token.push_str(&signature);
        Ok(Secret::new(token))
    }

    async fn known_keys(&self) -> Result<Vec<SigningKey>, Fault> {
        self.keys.keys().await
    }

    async fn verify(&self, token: &str, now: OffsetDateTime) -> Result<VerifiedAccess, AccessTokenError> {
        let digest = RememberedTokens::digest(token);
        if let Some(genuine) = self.remembered.find(&digest) {
            let key = self.keys.verifying_key(&genuine.kid, now).await?;
            let access = key.and_then(|_honoured| genuine.says.at(now));
            if access.is_none() {
                self.remembered.forget(&digest);
            }
            return access.ok_or(AccessTokenError::Invalid);
        }
        let token = PresentedToken::parse(token).ok_or(AccessTokenError::Invalid)?;
        let key = self.keys.verifying_key(&token.kid, now).await?.ok_or(AccessTokenError::Invalid)?;
        // The key says what it signs with, not the token (RFC 8725, 3.1).
        if key.algorithm() != token.algorithm || !key.verify(token.message.as_bytes(), token.signature) {
            return Err(AccessTokenError::Invalid);
        }
        let says = token.judge(&self.issuer, &self.audience).ok_or(AccessTokenError::Invalid)?;
        let access = says.at(now).ok_or(AccessTokenError::Invalid)?;
        self.remembered.remember(digest, token.kid, says, now);
        Ok(access)
    }
}

/// The longest signature as text, of RSA that of 4096 bits, and the two dots.
const fn signature_length(algorithm: SigningAlgorithm) -> usize {
    match algorithm {
        SigningAlgorithm::Es256 | SigningAlgorithm::EdDsa => 86 + 2,
        SigningAlgorithm::Rs256 => 683 + 2,
    }
}
