//! Verifying a token.

use std::sync::Arc;
use std::time::Duration;

use crate::claims::Claims;
use crate::error::VerifyError;
use crate::issuer::Issuer;
use crate::key;
use crate::key_set::KeySet;
use crate::liveness::Liveness;

type Now = fn() -> i64;

/// Verifies the access tokens of one issuer for one audience. Make one for the process and share it (`Arc`): it holds the keys.
pub struct Verifier {
    issuer: Arc<dyn Issuer>,
    keys: KeySet,
    liveness: Option<Liveness>,
    expected_issuer: String,
    audience: String,
    now: Now,
}

impl Verifier {
    /// Of the issuer that names itself `expected_issuer` in its tokens (`iss`; its public URL, unless its setting
    /// `tokens.issuer` says otherwise), for `audience` (`aud`; `tokens.audience`). Nothing is asked before the first token.
    pub fn new(issuer: impl Issuer + 'static, expected_issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        // Without one, jsonwebtoken takes that of its features, and panics where another crate of the program has switched
        // both on. Whoever has installed one before keeps it.
        let _kept = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
        let issuer: Arc<dyn Issuer> = Arc::new(issuer);
        let keys = KeySet::new(issuer.clone());
        Self {
            issuer,
            keys,
            liveness: None,
            expected_issuer: expected_issuer.into(),
            audience: audience.into(),
            now: system_time,
        }
    }

    /// Asks the service whether a token's session still lives, and holds what it said for `remembered`: so late may a logout,
    /// a reset or a deactivation count here. While the service cannot be asked, tokens that are not remembered are
    /// [`VerifyError::Unavailable`].
    #[must_use]
    pub fn with_revocation_check(mut self, remembered: Duration) -> Self {
        self.liveness = Some(Liveness::new(self.issuer.clone(), remembered));
        self
    }

    /// How long after the five minutes that they are fresh known keys are honoured while the key set cannot be fetched; an hour,
    /// unless told otherwise.
    #[must_use]
    pub fn with_outage_tolerance(mut self, tolerance: Duration) -> Self {
        self.keys = self.keys.with_tolerance(tolerance);
        self
    }

    /// Seconds since 1970, for tests of services that use this.
    #[must_use]
    pub fn with_clock(mut self, now: fn() -> i64) -> Self {
        self.now = now;
        self
    }

    /// What the token says, if it is to be believed.
    ///
    /// # Errors
    /// [`VerifyError::Invalid`], [`Expired`](VerifyError::Expired), [`Revoked`](VerifyError::Revoked) (401), or
    /// [`Unavailable`](VerifyError::Unavailable) (503).
    pub async fn verify(&self, token: &str) -> Result<Claims, VerifyError> {
        let key = self.keys.key(&key::key_id(token)?).await?;
        let claims = key.verify(token, &self.expected_issuer, &self.audience, (self.now)())?;
        if let Some(liveness) = &self.liveness {
            liveness.check(token).await?;
        }
        Ok(claims)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the clock")]
fn system_time() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}
